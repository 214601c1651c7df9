/** Which declarations of a header are bound: what the library has, with the types that it needs. */

import { isTypeName } from '../../abi/names.ts'
import type { CType } from '../../abi/types.ts'
import { makePlan } from '../../call/plan.ts'
import { Declarations } from '../../declaration/declarations.ts'
import { DeclarationError } from '../../errors.ts'
import type { Item, Need } from './items.ts'

/** What is not bound, and why. */
export interface LeftOut {
  readonly kind: 'function' | 'variable' | 'type' | 'macro' | 'declaration'
  readonly name: string
  readonly reason: string
}

/** What is bound. */
export interface Selection {
  /** In the header's order. */
  readonly items: readonly Item[]
  /** The C text of them, as `open` takes it. */
  readonly text: string
  readonly declarations: Declarations
  readonly leftOut: readonly LeftOut[]
}

export interface Exports {
  /** What the library has by that name. */
  kindOf(name: string): 'function' | 'variable' | undefined
}

/** `isOwn` tells the declarations of the header's package from those of others. */
export function select(
  items: readonly Item[],
  isOwn: (item: Item) => boolean,
  exports: Exports,
): Selection {
  const leftOut: LeftOut[] = []
  const wanted = items.filter((item) => isOwn(item) && isWanted(item, exports, leftOut))
  const chosen = withNeeds(wanted, items)
  const ordered = items.filter((item) => chosen.has(item))
  return settle(ordered, isOwn, leftOut)
}

function isWanted(item: Item, exports: Exports, leftOut: LeftOut[]): boolean {
  const [name = ''] = item.names
  const leave = (kind: LeftOut['kind'], reason: string): false => {
    leftOut.push({ kind, name, reason })
    return false
  }
  switch (item.kind) {
    case 'type':
      return true
    case 'inline':
      return leave('function', 'it is in the header itself, not in the library')
    case 'unknown':
      return leave('declaration', 'this C is not understood')
    default: {
      const kind = exports.kindOf(name)
      if (kind === item.kind) return true
      const reason = kind === undefined ? 'the library has no such symbol' : `it is a ${kind} there`
      return leave(item.kind, reason)
    }
  }
}

/** The declarations, and those that they need from wherever they come. */
function withNeeds(wanted: readonly Item[], items: readonly Item[]): ReadonlySet<Item> {
  const definitions = new Map<string, Item>()
  for (const item of items)
    if (item.kind === 'type')
      for (const name of item.names) if (!definitions.has(name)) definitions.set(name, item)
  const chosen = new Set(wanted)
  const whole = new Set<string>()
  const follow = ({ name, use }: Need, isWhole: boolean): void => {
    const definition = definitions.get(name)
    const isTag = /^(struct|union) /.test(name)
    const sizeMatters = use === 'whole' || (use === 'alias' && isWhole)
    if (definition === undefined || (isTag && !sizeMatters)) return
    // The table of built-in names has it.
    if (isBuiltIn(name) && !chosen.has(definition)) return
    if (chosen.has(definition) && (!sizeMatters || whole.has(name))) return
    chosen.add(definition)
    if (sizeMatters) whole.add(name)
    for (const need of definition.needs) follow(need, sizeMatters)
  }
  for (const item of wanted) for (const need of item.needs) follow(need, false)
  return chosen
}

function isBuiltIn(name: string): boolean {
  const [kind, word = ''] = name.split(' ')
  return kind === 'typedef' && isTypeName(word)
}

/** Leaves out what the parser of `open` refuses, and what needs that. */
function settle(
  chosen: readonly Item[],
  isOwn: (item: Item) => boolean,
  leftOut: LeftOut[],
): Selection {
  let items = [...chosen]
  for (;;) {
    const text = items.map((item) => item.text).join('\n')
    const declarations = new Declarations()
    try {
      declarations.add(text)
      const unfit = items.flatMap((item) => unfitness(item, declarations) ?? [])
      if (unfit.length === 0) return { items, text, declarations, leftOut }
      leftOut.push(...unfit)
      const names = new Set(unfit.map(({ name }) => name))
      items = items.filter((item) => item.kind === 'type' || !names.has(item.names[0] ?? ''))
    } catch (error) {
      if (!(error instanceof DeclarationError)) throw error
      const refused = itemAt(items, error.line)
      const dropped = dependents(refused, items, chosen)
      for (const item of items)
        if (dropped.has(item) && isOwn(item))
          leftOut.push(refusal(item, item === refused ? undefined : refused, error))
      items = items.filter((item) => !dropped.has(item))
    }
  }
}

/** What parses and can't be had all the same. */
function unfitness(
  { kind, names: [name = ''] }: Item,
  { functions, variables }: Declarations,
): LeftOut | undefined {
  const signature = kind === 'function' ? functions.get(name) : undefined
  const type = kind === 'variable' ? variables.get(name)?.type : undefined
  if (type !== undefined && elementOf(type).kind === 'opaque')
    return { kind: 'variable', name, reason: HIDDEN }
  if (signature === undefined) return undefined
  try {
    makePlan(signature)
    return undefined
  } catch (error) {
    const { message } = error as Error
    const reason = message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message
    return { kind: 'function', name, reason }
  }
}

const HIDDEN = 'the header does not say what is in it: library.symbol() gives its address'

function elementOf(type: CType): CType {
  return type.kind === 'array' ? elementOf(type.of) : type
}

function itemAt(items: readonly Item[], line: number): Item {
  let last = 0
  for (const item of items) {
    last += item.text.split('\n').length
    if (line <= last) return item
  }
  return items.at(-1) as Item
}

/** A declaration, and all that need one of its names to be more than a tag. */
function dependents(
  refused: Item,
  items: readonly Item[],
  chosen: readonly Item[],
): ReadonlySet<Item> {
  const found = new Set([refused])
  const lost = new Set(refused.names)
  // A name that is declared twice is not lost.
  for (const item of chosen)
    if (item !== refused && items.includes(item)) for (const name of item.names) lost.delete(name)
  for (let before = 0; before !== found.size; ) {
    before = found.size
    for (const item of items)
      if (
        !found.has(item) &&
        item.needs.some(({ name, use }) => lost.has(name) && !isTag(name, use))
      ) {
        found.add(item)
        for (const name of item.names) lost.add(name)
      }
  }
  return found
}

function isTag(name: string, use: Need['use']): boolean {
  return use !== 'whole' && /^(struct|union|enum) /.test(name)
}

function refusal(item: Item, cause: Item | undefined, error: DeclarationError): LeftOut {
  const [name = ''] = item.names.map((each) => each.replace(/^(typedef|constant) /, ''))
  const [problem = ''] = error.message.split('\n')
  const hasList = (cause ?? item).text.includes('__builtin_va_list')
  const reason = hasList ? 'a va_list holds for its own process only' : problem
  return {
    kind: item.kind === 'function' || item.kind === 'variable' ? item.kind : 'type',
    name,
    reason: cause === undefined || hasList ? reason : `it needs ${short(cause)}: ${reason}`,
  }
}

function short({ names: [name = ''] }: Item): string {
  return name.replace(/^(typedef|constant) /, '')
}

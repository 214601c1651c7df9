import type { Node } from 'web-tree-sitter'
import { cText } from './c-text.ts'
import type { Place } from './header.ts'

/** What a declaration uses. */
export interface Need {
  /** A name of an {@link Item}. */
  readonly name: string
  /** Whether its size matters: it does not behind a pointer; behind a typedef, it does where that one's does. */
  readonly use: 'whole' | 'alias' | 'pointer'
}

/** An enumeration. */
export interface EnumItem {
  /** The name of its typedef, else its tag; nothing for one without either. */
  readonly name: string | undefined
  readonly tag: string | undefined
  readonly enumerators: readonly { readonly name: string; readonly place: Place }[]
}

/** A member of a structure. */
export interface MemberPlace {
  readonly name: string
  readonly place: Place
}

/** A declaration of a header. */
export interface Item {
  readonly kind: 'type' | 'function' | 'variable' | 'inline' | 'unknown'
  /** What it declares: `f`, `typedef t`, `struct s`, `enum e`, enumerators as `constant E`. */
  readonly names: readonly string[]
  /** In one style, and with a semicolon. */
  readonly text: string
  readonly place: Place
  readonly needs: readonly Need[]
  readonly enums: readonly EnumItem[]
  readonly members: readonly MemberPlace[]
  readonly deprecated: boolean
}

const TAGGED = { struct_specifier: 'struct', union_specifier: 'union', enum_specifier: 'enum' }
type Tagged = keyof typeof TAGGED

/** The declarations of a preprocessed text, in its order. */
export function itemsOf(root: Node, places: readonly Place[]): Item[] {
  const placeOf = ({ startPosition: { row } }: Node): Place =>
    places[row] ?? { file: '', line: row + 1 }
  return root.namedChildren.flatMap((node) => itemsIn(node, placeOf))
}

type PlaceOf = (node: Node) => Place

function itemsIn(node: Node, placeOf: PlaceOf): Item[] {
  switch (node.type) {
    case 'declaration':
      return declared(node, placeOf)
    case 'function_definition':
      return [item('inline', [nameOf(node) ?? ''], '', node, placeOf)]
    case 'type_definition':
    case 'struct_specifier':
    case 'union_specifier':
    case 'enum_specifier': {
      const text = cText(node)
      return [item('type', typeNames(node), text.endsWith(';') ? text : `${text};`, node, placeOf)]
    }
    case 'linkage_specification':
      return (
        node.childForFieldName('body')?.namedChildren.flatMap((each) => itemsIn(each, placeOf)) ??
        []
      )
    case 'ERROR':
      return [
        item(
          'unknown',
          [nameOf(node) ?? node.text.replace(/\s+/g, ' ').slice(0, 40)],
          '',
          node,
          placeOf,
        ),
      ]
    default:
      return []
  }
}

/** Functions and variables, each by itself; and the type that is defined before them. */
function declared(node: Node, placeOf: PlaceOf): Item[] {
  const type = node.childForFieldName('type')
  const declarators = declaratorsOf(node)
  const items: Item[] = []
  const isDefinition = type !== null && type.childForFieldName('body') !== null
  const tag = type?.childForFieldName('name')
  const tables = node
    .childrenForFieldName('declarator')
    .filter((each) => each?.type === 'init_declarator')
  for (const table of tables) {
    const name = table === null ? undefined : nameOf(table)
    if (name !== undefined) items.push(item('inline', [name], '', node, placeOf))
  }
  if (type !== null && (isDefinition || declarators.length + tables.length === 0))
    items.push(item('type', typeNames(type), `${cText(type)};`, type, placeOf))
  const front = node.children.filter(
    (child) =>
      declarators.every(({ id }) => id !== child.id) && /specifier|type|qualifier/.test(child.type),
  )
  for (const declarator of declarators) {
    const name = nameOf(declarator)
    if (name === undefined) continue
    const before = front
      .filter(({ type }) => type !== 'attribute_specifier')
      .map((each) =>
        // The type is defined already.
        isDefinition && each.id === type?.id && tag
          ? `${TAGGED[type.type as Tagged]} ${tag.text}`
          : cText(each),
      )
      .filter((text) => text !== '')
      .join(' ')
    const text = `${before} ${cText(declarator)};`
    const kind = isFunction(declarator) ? 'function' : 'variable'
    items.push(item(kind, [name], text, node, placeOf))
  }
  return items
}

function item(
  kind: Item['kind'],
  names: readonly string[],
  text: string,
  node: Node,
  placeOf: PlaceOf,
): Item {
  const enums = node
    .descendantsOfType('enum_specifier')
    .filter((each) => each.childForFieldName('body') !== null)
    .map((each) => enumOf(each, placeOf))
  const members = node.descendantsOfType('field_declaration').flatMap((field) =>
    declaratorsOf(field).flatMap((declarator) => {
      const name = nameOf(declarator)
      return name === undefined ? [] : [{ name, place: placeOf(declarator) }]
    }),
  )
  const constants = enums.flatMap(({ enumerators }) =>
    enumerators.map(({ name }) => `constant ${name}`),
  )
  return {
    kind: isBroken(node) ? 'unknown' : kind,
    names: [...names, ...constants],
    text,
    place: placeOf(node),
    needs: needsOf(node),
    enums,
    members,
    deprecated: node
      .descendantsOfType(['attribute_specifier', 'attribute_declaration'])
      .some((each) => /\b_*deprecated_*\b/.test(each.text)),
  }
}

/** Whether the grammar did not understand a part: it lacks names of bit-fields that have none. */
function isBroken(node: Node): boolean {
  if (!node.hasError) return false
  if (node.isMissing) return node.type !== 'field_identifier'
  return node.type === 'ERROR' || node.children.some(isBroken)
}

function enumOf(node: Node, placeOf: PlaceOf): EnumItem {
  const tag = node.childForFieldName('name')?.text
  const typedef = node.parent?.type === 'type_definition' ? plainNames(node.parent)[0] : undefined
  const enumerators = node.descendantsOfType('enumerator').map((each) => ({
    name: each.childForFieldName('name')?.text ?? '',
    place: placeOf(each),
  }))
  return { name: typedef ?? tag, tag, enumerators }
}

/** The names that a definition of types gives. */
function typeNames(node: Node): string[] {
  const typedefs =
    node.type === 'type_definition'
      ? declaratorsOf(node)
          .flatMap((each) => nameOf(each) ?? [])
          .map((name) => `typedef ${name}`)
      : []
  const tags = node
    .descendantsOfType(Object.keys(TAGGED))
    .filter((each) => each.childForFieldName('body') !== null)
    .flatMap((each) => {
      const tag = each.childForFieldName('name')
      return tag === null ? [] : [`${TAGGED[each.type as Tagged]} ${tag.text}`]
    })
  return [...typedefs, ...tags]
}

/** The typedefs of a definition that name the type itself. */
function plainNames(node: Node): string[] {
  return declaratorsOf(node)
    .filter(({ type }) => type === 'type_identifier')
    .map(({ text }) => text)
}

function declaratorsOf(node: Node): Node[] {
  return node
    .childrenForFieldName('declarator')
    .filter((each) => each !== null && each.type !== 'gnu_asm_expression')
    .filter((each) => each.type !== 'init_declarator')
}

/** The name that a declarator is about. */
function nameOf(node: Node): string | undefined {
  if (/^(identifier|type_identifier|field_identifier|primitive_type)$/.test(node.type))
    return node.text
  const inner = node.childForFieldName('declarator') ?? innerDeclarator(node)
  return inner === null ? undefined : nameOf(inner)
}

function innerDeclarator(node: Node): Node | null {
  if (!/parenthesized|attributed/.test(node.type)) return null
  return node.namedChildren.find((each) => /declarator|identifier/.test(each.type)) ?? null
}

/** Whether what is declared is a function, and no pointer to one. */
function isFunction(declarator: Node): boolean {
  if (declarator.type === 'function_declarator') {
    const inner = declarator.childForFieldName('declarator')
    const direct = inner?.type === 'parenthesized_declarator' ? innerDeclarator(inner) : inner
    return (
      direct?.type === 'identifier' ||
      (direct !== null && direct !== undefined && isFunction(direct))
    )
  }
  const inner = declarator.childForFieldName('declarator') ?? innerDeclarator(declarator)
  return inner !== null && isFunction(inner)
}

function needsOf(node: Node): Need[] {
  const needs = new Map<string, Need>()
  const add = (name: string, use: Need['use']): void => {
    const known = needs.get(name)?.use
    if (known === undefined || known === 'pointer' || use === 'whole')
      needs.set(name, { name, use })
  }
  for (const each of node.descendantsOfType(['type_identifier', 'identifier'])) {
    const parent = each.parent
    if (parent === null) continue
    if (each.type === 'identifier') add(`constant ${each.text}`, 'whole')
    else if (Object.hasOwn(TAGGED, parent.type)) {
      if (parent.childForFieldName('body') === null)
        add(`${TAGGED[parent.type as Tagged]} ${each.text}`, useOf(parent))
    } else if (isTypeOf(each, parent)) add(`typedef ${each.text}`, useOf(each))
  }
  return [...needs.values()]
}

function isTypeOf(node: Node, parent: Node): boolean {
  return parent.childForFieldName('type')?.id === node.id
}

/** How a type is used where it stands. */
function useOf(type: Node): Need['use'] {
  const { parent } = type
  if (parent === null) return 'pointer'
  const declarators = declaratorsOf(parent)
  const isPointer = ({ type }: Node): boolean =>
    type === 'pointer_declarator' || type === 'abstract_pointer_declarator'
  if (declarators.length > 0 && declarators.every(isPointer)) return 'pointer'
  return parent.type === 'type_definition' ? 'alias' : 'whole'
}

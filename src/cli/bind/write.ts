/** The file that `bind` writes: TypeScript that is valid when its types are erased. */
import type { AggregateType, CType, Signature } from '../../abi/types.ts'
import type { Declarations } from '../../declaration/declarations.ts'
import { parseType } from '../../declaration/parse.ts'
import { DeclarationError } from '../../errors.ts'
import type { Docs } from './comments.ts'
import type { Constant } from './constants.ts'
import type { EnumItem, Item } from './items.ts'
import type { Selection } from './select.ts'
import {
  ALIASES,
  argumentText,
  isTwofold,
  labelsOf,
  membersOf,
  memberText,
  propertyName,
  RESERVED,
  resultText,
  type Side,
  type TypeNames,
} from './typescript-types.ts'

/** A macro's name, value and place. */
export interface NamedConstant {
  readonly name: string
  readonly value: Constant
  readonly doc: string | undefined
}

export interface Written {
  readonly selection: Selection
  readonly constants: readonly NamedConstant[]
  readonly docs: Docs
  /** As `open` finds it. */
  readonly library: string
  /** The header's name, without folders of this machine. */
  readonly header: string
  readonly version: string
}

/** In the first lines of what `bind` writes, so that it can be written again. */
export const MARK = 'Written by `fat-threads bind`'

/** The names of the written file itself. */
const OWN = [
  'open',
  'Functions',
  'Variables',
  'declarations',
  'Memory',
  'Pointer',
  'SharedMemory',
  'OpenOptions',
]
const IMPORTED = [
  'CallablePointer',
  'CFunction',
  'DeclaredText',
  'Library',
  'OpenOptions',
  'Pointer',
  'SharedMemory',
  'VariadicArgument',
  'Variable',
]
/** A function's types are on one line up to this many characters. */
const MOST_WIDTH = 80

/** How many of each kind a file has. */
export interface Counts {
  readonly functions: number
  readonly variables: number
  readonly structures: number
  readonly enumerations: number
  readonly constants: number
}

/** The written file as TypeScript, or as JavaScript and the declarations beside it. */
export interface Files {
  readonly typescript: string
  readonly javascript: string
  readonly declarations: string
  readonly counts: Counts
}

export function write(written: Written): Files {
  return new Writer(written).files()
}

/** A part of the file in each of its forms. */
interface Part {
  readonly typescript: string
  readonly javascript?: string
  readonly declarations: string
}

class Writer implements TypeNames {
  readonly #written: Written
  readonly #opener: string
  readonly #taken: Set<string>
  /** The names in the file by the names in the header. */
  readonly #values = new Map<string, string>()
  readonly #typeNames = new Map<CType, string>()
  readonly #enumNames = new Map<string, string>()

  constructor(written: Written) {
    this.#written = written
    this.#opener = `open${pascal(written.header)}`
    this.#taken = new Set([...OWN, ...IMPORTED, this.#opener])
    this.#nameTypes()
  }

  nameOf(type: CType): string | undefined {
    return (
      this.#typeNames.get(type) ??
      (type.kind === 'enum' ? this.#enumNames.get(type.tag) : undefined)
    )
  }

  files(): Files {
    const { selection, constants } = this.#written
    const aggregates = this.#aggregates()
    const enums = selection.items.flatMap((item) => item.enums.map((each) => ({ item, each })))
    const named = enums.filter(({ each }) => each.name !== undefined)
    const loose = enums.flatMap(({ each }) => (each.name === undefined ? this.#loose(each) : []))
    const functions = distinct(selection.items.filter(({ kind }) => kind === 'function'))
    const variables = distinct(selection.items.filter(({ kind }) => kind === 'variable'))
    const all = [...loose, ...constants]
    const body = [
      ...all.map((each) => this.#constant(each)),
      ...named.map(({ each }) => this.#enum(each)),
      ...aggregates.flatMap((each) => this.#aggregate(each)),
      this.#functions(functions),
      ...(variables.length === 0 ? [] : [this.#variables(variables)]),
      this.#text(),
      this.#open(),
    ]
    const code = body.map(({ typescript }) => typescript).join('\n')
    const types = body.map(({ declarations }) => declarations).join('\n')
    const script = body.flatMap(({ javascript }) => javascript ?? []).join('\n')
    return {
      typescript: lines(this.#title(), this.#imports(code, true), this.#aliases(code), code),
      declarations: lines(this.#title(), this.#imports(types, false), this.#aliases(types), types),
      javascript: [this.#title(), "import { open } from 'fat-threads'\n", script].join('\n'),
      counts: {
        functions: functions.length,
        variables: variables.length,
        structures: aggregates.length,
        enumerations: named.length,
        constants: all.length,
      },
    }
  }

  #title(): string {
    const { library, header, version } = this.#written
    return `/**\n * ${header} of ${library}.\n *\n * ${MARK} ${version}; what is changed by hand is lost when it is written again.\n */`
  }

  #imports(code: string, isCode: boolean): string {
    const text = /\bMemory\b/.test(code) ? `${code}${ALIASES}` : code
    const used = IMPORTED.filter((name) => new RegExp(`\\b${name}\\b`).test(text))
    const names = isCode
      ? [...used.map((name) => `type ${name}`), 'open'].sort((one, other) =>
          one.replace('type ', '').toLowerCase() < other.replace('type ', '').toLowerCase()
            ? -1
            : 1,
        )
      : used
    const list = names.map((name) => `  ${name},\n`).join('')
    return `${isCode ? 'import' : 'import type'} {\n${list}} from 'fat-threads'\n`
  }

  #aliases(code: string): string {
    return /\bMemory\b/.test(code) ? `${ALIASES}\n` : ''
  }

  /** Structures go by their typedef, else by their tag. */
  #nameTypes(): void {
    const { items, declarations } = this.#written.selection
    for (const item of items)
      for (const each of item.enums)
        if (each.name !== undefined) {
          const name = this.#claim(each.name)
          this.#values.set(each.name, name)
          if (each.tag !== undefined) this.#enumNames.set(each.tag, name)
          const type = declarations.typedef(each.name)
          if (type !== undefined) this.#typeNames.set(type, name)
        }
    for (const type of this.#aggregates()) {
      const name = this.#aliasOf(type) ?? type.name
      if (name !== undefined) this.#typeNames.set(type, this.#claim(name))
    }
  }

  #aliasOf(type: AggregateType): string | undefined {
    const { items, declarations } = this.#written.selection
    for (const { names } of items)
      for (const name of names)
        if (name.startsWith('typedef ') && declarations.typedef(name.slice(8)) === type)
          return name.slice(8)
    return undefined
  }

  /** The structures and unions with members and a name, in the header's order. */
  #aggregates(): AggregateType[] {
    const { items, declarations } = this.#written.selection
    const found = new Set<AggregateType>()
    for (const { names } of items)
      for (const name of names) {
        const [kind, word = ''] = name.split(' ')
        const type =
          kind === 'typedef'
            ? declarations.typedef(word)
            : kind === 'struct' || kind === 'union'
              ? tagOf(declarations, `${kind} ${word}`)
              : undefined
        if (type?.kind === 'struct' || type?.kind === 'union') found.add(type)
      }
    return [...found].filter((type) => membersOf(type).length > 0)
  }

  #claim(wanted: string): string {
    let name = RESERVED.has(wanted) ? `${wanted}_` : wanted
    while (this.#taken.has(name)) name += '_'
    this.#taken.add(name)
    return name
  }

  #loose({ enumerators }: EnumItem): NamedConstant[] {
    const { docs } = this.#written
    return enumerators.map(({ name, place }) => ({
      name,
      value: this.#enumerator(name),
      doc: docs.ofPart(place),
    }))
  }

  #enumerator(name: string): number {
    return Number(this.#written.selection.declarations.constants.get(name) ?? 0n)
  }

  #constant({ name, value, doc }: NamedConstant): Part {
    const known = this.#claim(name)
    const text = literal(value)
    const code = `${comment(doc)}export const ${known} = ${text}`
    const isPlain = typeof value !== 'number' || Number.isFinite(value)
    return {
      typescript: code,
      javascript: code,
      declarations: `${comment(doc)}export declare const ${known}: ${isPlain ? text : 'number'}`,
    }
  }

  #enum({ name = '', enumerators }: EnumItem): Part {
    const { docs } = this.#written
    const known = this.#values.get(name) ?? name
    const members = enumerators.map((each) => ({
      doc: comment(docs.ofPart(each.place), '  '),
      name: propertyName(each.name),
      value: this.#enumerator(each.name),
    }))
    const object = members.map(({ doc, name, value }) => `${doc}  ${name}: ${value},\n`).join('')
    const type = `export type ${known} = (typeof ${known})[keyof typeof ${known}]`
    const typed = members.map(({ doc, name, value }) => `${doc}  readonly ${name}: ${value}\n`)
    return {
      typescript: `\nexport const ${known} = {\n${object}} as const\n${type}`,
      javascript: `\nexport const ${known} = Object.freeze({\n${object}})`,
      declarations: `\nexport declare const ${known}: {\n${typed.join('')}}\n${type}`,
    }
  }

  #aggregate(type: AggregateType): Part[] {
    const item = this.#itemOf(type)
    const name = this.nameOf(type) ?? ''
    const doc = item === undefined ? undefined : this.#written.docs.of(item.place)
    const text = this.#interface(type, name, 'read', doc, item)
    const part = { typescript: text, declarations: text }
    if (!isTwofold(type, this)) return [part]
    const given = this.#interface(
      type,
      `${name}_in`,
      'given',
      `${name} as functions take it.`,
      item,
    )
    return [part, { typescript: given, declarations: given }]
  }

  #interface(
    type: AggregateType,
    name: string,
    side: Side,
    doc: string | undefined,
    item: Item | undefined,
  ): string {
    const members = membersOf(type).map((member) => {
      const place = item?.members.find((each) => each.name === member.name)?.place
      const own = place === undefined ? undefined : this.#written.docs.ofPart(place)
      const doc = side === 'read' ? comment(own, '  ') : ''
      return { doc, text: `${propertyName(member.name ?? '')}: ${memberText(member, side, this)}` }
    })
    if (type.kind === 'union' && side === 'given') {
      const options = members.map(({ text }) => `\n  | { ${text} }`).join('')
      return `\n${comment(doc)}export type ${name} =${options}`
    }
    const readonly = type.kind === 'union' ? 'readonly ' : ''
    const body = members.map(({ doc, text }) => `${doc}  ${readonly}${text}\n`).join('')
    return `\n${comment(doc)}export interface ${name} {\n${body}}`
  }

  #itemOf(type: AggregateType): Item | undefined {
    const { items, declarations } = this.#written.selection
    return items.find(
      ({ names, text }) =>
        text.includes('{') &&
        names.some((name) => {
          const [kind, word = ''] = name.split(' ')
          if (kind === 'typedef') return declarations.typedef(word) === type
          return (
            (kind === 'struct' || kind === 'union') &&
            tagOf(declarations, `${kind} ${word}`) === type
          )
        }),
    )
  }

  #functions(items: readonly Item[]): Part {
    const { functions } = this.#written.selection.declarations
    return this.#members('Functions', items, (name) => {
      const signature = functions.get(name)
      return signature === undefined ? undefined : this.#function(signature)
    })
  }

  #variables(items: readonly Item[]): Part {
    const { variables } = this.#written.selection.declarations
    return this.#members('Variables', items, (name) => {
      const variable = variables.get(name)
      if (variable === undefined) return undefined
      const read = resultText(variable.type, this)
      const given = variable.const ? 'never' : argumentText(variable.type, this)
      return read === given ? `Variable<${read}>` : `Variable<${read}, ${given}>`
    })
  }

  /** An interface of what the library has, by its names. */
  #members(
    title: string,
    items: readonly Item[],
    typeOf: (name: string) => string | undefined,
  ): Part {
    const { docs, header } = this.#written
    const members = items.flatMap((item) => {
      const [name = ''] = item.names
      const type = typeOf(name)
      if (type === undefined) return []
      const text = [docs.of(item.place), item.deprecated ? '@deprecated' : undefined]
      const doc = text.filter((each) => each !== undefined).join('\n\n')
      const about = comment(doc === '' ? undefined : doc, '  ')
      return [`${about}  readonly ${propertyName(name)}: ${type}\n`]
    })
    const text = `\n/** The ${title.toLowerCase()} of ${header}. */\nexport interface ${title} {\n${members.join('')}}`
    return { typescript: text, declarations: text }
  }

  /** What is declared, as a type. */
  get #declared(): string {
    const hasVariables = this.#written.selection.items.some(({ kind }) => kind === 'variable')
    return hasVariables ? 'DeclaredText<Functions, Variables>' : 'DeclaredText<Functions>'
  }

  #function({ parameters, result, variadic }: Signature): string {
    const labels = labelsOf(parameters)
    const list = parameters.map(({ type }, at) => `${labels[at]}: ${argumentText(type, this)}`)
    if (variadic) list.push('...values: VariadicArgument[]')
    const returned = resultText(result, this)
    const line = `CFunction<[${list.join(', ')}], ${returned}>`
    if (line.length <= MOST_WIDTH) return line
    return `CFunction<\n    [\n${list.map((each) => `      ${each},\n`).join('')}    ],\n    ${returned}\n  >`
  }

  #text(): Part {
    const about =
      '/** What `open`, `thread.load` and `Pool.open` take as declarations of these functions. */'
    const text = this.#written.selection.text.replace(/[`\\]|\$\{/g, '\\$&')
    return {
      typescript: `\n${about}\nexport const declarations = \`\n${text}\n\` as ${this.#declared}`,
      javascript: `\n${about}\nexport const declarations = \`\n${text}\n\``,
      declarations: `\n${about}\nexport declare const declarations: ${this.#declared}`,
    }
  }

  #open(): Part {
    const { library } = this.#written
    const name = this.#opener
    const about = `/** Opens ${library}, or the \`library\` of that kind which is given, in a fat thread of its own. */`
    const found = JSON.stringify(library).replace(/'/g, "\\'").replace(/^"|"$/g, "'")
    const options = 'OpenOptions & { readonly library?: Parameters<typeof open>[0] }'
    const result = `Promise<Library<${this.#declared}>>`
    return {
      typescript: `\n${about}\nexport function ${name}(options: ${options} = {}): ${result} {\n  const { library = ${found}, ...rest } = options\n  return open(library, declarations, rest)\n}\n`,
      javascript: `\n${about}\nexport function ${name}(options = {}) {\n  const { library = ${found}, ...rest } = options\n  return open(library, declarations, rest)\n}\n`,
      declarations: `\n${about}\nexport declare function ${name}(options?: ${options}): ${result}\n`,
    }
  }
}

/** Headers say again what they have said. */
function distinct(items: readonly Item[]): Item[] {
  const known = new Set<string | undefined>()
  return items.filter(({ names: [name] }) => !known.has(name) && known.add(name))
}

/** The structure or union of that tag, if its members are known. */
function tagOf(declarations: Declarations, name: string): CType | undefined {
  try {
    return parseType(name, declarations).type
  } catch (error) {
    if (error instanceof DeclarationError) return undefined
    throw error
  }
}

/** Parts under each other; some may be empty. */
function lines(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n')
}

function literal(value: Constant): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return Number.isNaN(value)
    ? 'Number.NaN'
    : `Number.${value > 0 ? 'POSITIVE' : 'NEGATIVE'}_INFINITY`
}

/** A doc comment with its line break, or nothing. */
function comment(text: string | undefined, indent = ''): string {
  if (text === undefined) return ''
  const lines = text.replace(/\*\//g, '*\\/').split('\n')
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  const body = lines.map((line) => `${indent} *${line === '' ? '' : ` ${line}`}\n`).join('')
  return `${indent}/**\n${body}${indent} */\n`
}

/** `zlib.h` as `Zlib`. */
function pascal(header: string): string {
  const words = header.replace(/\.\w+$/, '').split(/[^A-Za-z\d]+/)
  return words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
}

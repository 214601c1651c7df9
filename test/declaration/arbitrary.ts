/** Random signatures with random spellings of them, and random text that is nearly C. */
import fc from 'fast-check'
import { type TypeName, types } from '../../src/abi/names.ts'
import type { CType, Parameter, Signature } from '../../src/abi/types.ts'

/** Tokens, and what they declare. */
interface Spelled<Declared> {
  readonly tokens: readonly string[]
  readonly declared: Declared
}

interface Qualified {
  readonly type: CType
  readonly isConst: boolean
}

const identifier = fc.constantFrom('a', 'b1', '_c', 'size', 'größe', 'toString', '__proto__')

const typeNames = Object.keys(types).filter((name) => name !== 'void') as TypeName[]

/** The words of a type name in any order. */
const named: fc.Arbitrary<Spelled<CType>> = fc.constantFrom(...typeNames).chain((name) => {
  const words = name.split(' ')
  return fc
    .shuffledSubarray(words, { minLength: words.length })
    .map((tokens) => ({ tokens, declared: types[name] }))
})

const enumeration: fc.Arbitrary<Spelled<CType>> = identifier.map((tag) => ({
  tokens: ['enum', tag],
  declared: { kind: 'enum', tag },
}))

const incomplete: fc.Arbitrary<Spelled<CType>> = fc.oneof(
  fc.constant<Spelled<CType>>({ tokens: ['void'], declared: types.void }),
  fc
    .tuple(fc.constantFrom('struct', 'union'), identifier)
    .map<Spelled<CType>>(([keyword, tag]) => ({
      tokens: [keyword, tag],
      declared: { kind: 'opaque', keyword, tag },
    })),
)

const ignored = fc.subarray(['volatile', 'register', 'static', 'inline', 'extern'], {
  maxLength: 2,
})

/** `const` before or behind the type, among words that say nothing. */
const specifiers = (type: fc.Arbitrary<Spelled<CType>>): fc.Arbitrary<Spelled<Qualified>> =>
  fc.record({ type, before: ignored, behind: ignored, place: fc.nat(2) }).map((parts) => ({
    tokens: [
      ...parts.before,
      ...(parts.place === 1 ? ['const'] : []),
      ...parts.type.tokens,
      ...(parts.place === 2 ? ['const'] : []),
      ...parts.behind,
    ],
    declared: { type: parts.type.declared, isConst: parts.place > 0 },
  }))

const qualifiers = fc.subarray(['const', 'restrict', 'volatile', '__restrict'], { maxLength: 2 })

const pointers = (
  type: fc.Arbitrary<Spelled<CType>>,
  fewest: number,
): fc.Arbitrary<Spelled<Qualified>> =>
  fc
    .tuple(specifiers(type), fc.array(qualifiers, { minLength: fewest, maxLength: 3 }))
    .map(([base, stars]) =>
      stars.reduce<Spelled<Qualified>>(
        ({ tokens, declared: { type: to, isConst } }, words) => ({
          tokens: [...tokens, '*', ...words],
          declared: {
            type: { kind: 'pointer', to, const: isConst },
            isConst: words.includes('const'),
          },
        }),
        base,
      ),
    )

const value = fc.oneof(pointers(named, 0), pointers(enumeration, 0), pointers(incomplete, 1))

const brackets = fc.constantFrom(['[', ']'], ['[', '16', ']'], ['[', 'static', '4', ']'])

const parameter = (index: number): fc.Arbitrary<Spelled<Parameter>> =>
  fc
    .record({
      value,
      name: fc.option(identifier, { nil: undefined }),
      brackets: fc.option(brackets, { nil: undefined, freq: 4 }),
    })
    .map((parts) => {
      const { type, isConst } = parts.value.declared
      // Another parameter may have the name too.
      const name = parts.name === undefined ? undefined : `${parts.name}${index}`
      const array = parts.brackets !== undefined
      return {
        tokens: [...parts.value.tokens, ...(name ? [name] : []), ...(parts.brackets ?? [])],
        declared: { name, type: array ? { kind: 'pointer', to: type, const: isConst } : type },
      }
    })

/** A pointer, or an array of that length, whose elements are the call's results. */
const directed = (index: number): fc.Arbitrary<Spelled<Parameter>> =>
  fc
    .record({
      to: fc.constantFrom<TypeName>('int', 'double', 'size_t', 'char'),
      word: fc.constantFrom('_Out_', '_Inout_'),
      name: identifier,
      length: fc.option(fc.oneof(fc.nat(99), identifier), { nil: undefined }),
    })
    .map(({ to, word, name, length }) => {
      const bound = length === undefined ? {} : { length }
      return {
        tokens: [
          word,
          to,
          ...(length === undefined ? ['*'] : []),
          `${name}${index}`,
          ...(length === undefined ? [] : ['[', String(length), ']']),
        ],
        declared: {
          name: `${name}${index}`,
          type: { kind: 'pointer', to: types[to], const: false },
          direction: word === '_Out_' ? 'out' : 'inout',
          ...bound,
        },
      }
    })

const functionPointer = (index: number): fc.Arbitrary<Spelled<Parameter>> =>
  fc
    .record({
      result: pointers(named, 0),
      inner: parameter(0),
      name: fc.boolean(),
      dots: fc.boolean(),
    })
    .map(({ result, inner, name, dots }) => ({
      tokens: [
        ...result.tokens,
        '(',
        '*',
        ...(name ? [`pointer${index}`] : []),
        ')',
        '(',
        ...inner.tokens,
        ...(dots ? [',', '...'] : []),
        ')',
      ],
      declared: {
        name: name ? `pointer${index}` : undefined,
        type: {
          kind: 'pointer',
          to: {
            kind: 'function',
            result: result.declared.type,
            parameters: [inner.declared],
            ...(dots ? { variadic: true as const } : {}),
          },
          const: false,
        },
      },
    }))

const anyParameter = (index: number): fc.Arbitrary<Spelled<Parameter>> =>
  fc.oneof(
    { weight: 6, arbitrary: parameter(index) },
    { weight: 1, arbitrary: directed(index) },
    { weight: 1, arbitrary: functionPointer(index) },
  )

const result = fc.oneof(
  value,
  fc.constant<Spelled<Qualified>>({
    tokens: ['void'],
    declared: { type: types.void, isConst: false },
  }),
)

const prototype: fc.Arbitrary<Spelled<Signature>> = fc
  .record({
    result,
    name: identifier,
    parameters: fc
      .nat(6)
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, at) => anyParameter(at)))),
    nothing: fc.constantFrom([], ['void']),
    end: fc.constantFrom([], [';']),
    dots: fc.boolean(),
  })
  .map(({ result, name, parameters, nothing, end, dots }) => {
    const variadic = dots && parameters.length > 0
    const list = parameters.flatMap(({ tokens }, at) => (at === 0 ? tokens : [',', ...tokens]))
    return {
      tokens: [
        ...result.tokens,
        name,
        '(',
        ...(parameters.length === 0 ? nothing : list),
        ...(variadic ? [',', '...'] : []),
        ')',
        ...end,
      ],
      declared: {
        name,
        result: result.declared.type,
        parameters: parameters.map(({ declared }) => declared),
        ...(variadic ? { variadic: true as const } : {}),
      },
    }
  })

const gap = fc.constantFrom(
  ' ',
  ' ',
  ' ',
  '',
  '\n',
  '\t  ',
  '\r\n',
  '/**/',
  ' /* int ( */ ',
  ' // ,\n',
)

const isWord = (token: string): boolean => /^[^()[\],*;.]/.test(token)

/** The tokens with random gaps around them; words stay apart. */
const apart = (tokens: readonly string[]): fc.Arbitrary<string> =>
  fc.array(gap, { minLength: tokens.length + 1, maxLength: tokens.length + 1 }).map((gaps) =>
    tokens.reduce((text, token, at) => {
      const joined = isWord(token) && isWord(tokens[at - 1] ?? '(')
      return `${text}${joined && gaps[at] === '' ? ' ' : gaps[at]}${token}`
    }, ''),
  )

/** The text of a prototype, and the signature that it declares. */
export const declaration: fc.Arbitrary<{ readonly text: string; readonly signature: Signature }> =
  prototype.chain(({ tokens, declared }) =>
    apart(tokens).map((text) => ({ text, signature: declared })),
  )

const words =
  '_Out_ _Inout_ int char void unsigned const struct enum long float a f itn ( ) ( ) , , * * [ ] ; . ... 4 0x /* */ // \n # " é \0'

/** Text of the words of C. */
export const jumble: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...words.split(' '), ' '), { maxLength: 24 })
  .chain((tokens) => fc.constantFrom('', ' ').map((blank) => tokens.join(blank)))

/** A prototype with some of its characters gone, doubled or replaced. */
export const damaged: fc.Arbitrary<string> = fc
  .tuple(
    declaration,
    fc.nat(),
    fc.nat(3),
    fc.constantFrom('', '(', ')', ',', '*', 'int', ' x ', '#', '['),
  )
  .map(([{ text }, place, length, other]) => {
    const at = place % (text.length + 1)
    return text.slice(0, at) + other + text.slice(at + length)
  })

/** From a header and a library to the text of their bindings. */
import { readFileSync } from 'node:fs'
import { basename, isAbsolute } from 'node:path'
import { isTypeName } from '../../abi/names.ts'
import type { Declarations } from '../../declaration/declarations.ts'
import { parseType } from '../../declaration/parse.ts'
import { DeclarationError } from '../../errors.ts'
import { Docs } from './comments.ts'
import { constantOf, type Meanings } from './constants.ts'
import { parseC } from './grammar.ts'
import type { Macro } from './header.ts'
import { type Item, itemsOf } from './items.ts'
import type { BoundLibrary } from './library.ts'
import { ownFiles } from './own-files.ts'
import { withoutStrayAttributes } from './plain-attributes.ts'
import { preprocess } from './preprocess.ts'
import { type LeftOut, select } from './select.ts'
import { type Files, type NamedConstant, write } from './write.ts'

export interface Bindings {
  readonly files: Files
  readonly leftOut: readonly LeftOut[]
  /** Whether the C compiler preprocessed the header. */
  readonly compiled: boolean
  /** Where no function is bound: the headers that it includes which have some of the library. */
  readonly elsewhere: readonly string[]
}

export interface HeaderOptions {
  /** For the preprocessor. */
  readonly flags: readonly string[]
  /** Parts of the paths of more headers to bind. */
  readonly include: readonly string[]
}

const PACKAGE = new URL('../../../package.json', import.meta.url)

const KEYWORDS = new Set(
  'const extern inline long register restrict short signed static struct union unsigned volatile __extension__ __inline __restrict'.split(
    ' ',
  ),
)

export async function bindings(
  header: string,
  library: BoundLibrary,
  { flags, include }: HeaderOptions,
): Promise<Bindings> {
  const source = preprocess(header, flags)
  const own = ownFiles(source, include)
  const items = itemsOf(await parseC(withoutStrayAttributes(source.text)), source.places)
  const isOwn = ({ place }: (typeof items)[number]): boolean => own.has(place.file)
  const selection = select(items, isOwn, library)
  const places = items.filter(
    (item) => (item.kind === 'function' || item.kind === 'variable') && isOwn(item),
  )
  const docs = new Docs(places.map(({ place }) => place))
  const macros = source.macros.filter(({ place }) => own.has(place.file))
  const known = new Set(items.flatMap(({ names }) => names))
  const { constants, leftOut } = await constantsOf(macros, selection.declarations, docs, known)
  const files = write({
    selection,
    constants,
    docs,
    library: library.name,
    header: shortName(header),
    version: JSON.parse(readFileSync(PACKAGE, 'utf8')).version,
  })
  return {
    files,
    leftOut: [...selection.leftOut, ...leftOut],
    compiled: source.compiled,
    elsewhere: files.counts.functions > 0 ? [] : filesWithFunctions(items, library),
  }
}

function filesWithFunctions(items: readonly Item[], library: BoundLibrary): string[] {
  const found = items.filter(
    ({ kind, names: [name = ''] }) => kind === 'function' && library.kindOf(name) === 'function',
  )
  return [...new Set(found.map(({ place }) => place.file))]
}

/** A header's name without folders of this machine. */
export function shortName(header: string): string {
  return isAbsolute(header) || header.startsWith('.') ? basename(header) : header
}

async function constantsOf(
  macros: readonly Macro[],
  declarations: Declarations,
  docs: Docs,
  known: ReadonlySet<string>,
): Promise<{ constants: NamedConstant[]; leftOut: LeftOut[] }> {
  const constants: NamedConstant[] = []
  const leftOut: LeftOut[] = []
  const meanings: Meanings = {
    constant: (name) => declarations.constants.get(name),
    type: (text) => typeOf(text, declarations),
  }
  for (const { name, place, isFunction, body, expansion } of macros) {
    const leave = (reason: string): void => {
      leftOut.push({ kind: 'macro', name, reason })
    }
    if (isFunction && body !== '') leave('it is a macro with arguments: only a C compiler knows it')
    // Guards, and what stands for nothing or for an enumerator of that name, have nothing to bind.
    if (isFunction || body === '' || expansion === '' || expansion === name) continue
    const value = await constantOf(expansion, meanings)
    if (value !== undefined) constants.push({ name, value, doc: docs.ofPart(place) })
    else if (isWordsOfC(expansion, known)) leave('it stands for words of C, not for a value')
    else leave('it is no constant expression')
  }
  return { constants, leftOut }
}

/** A type's name and keywords, or attributes: nothing that has a value. */
function isWordsOfC(text: string, known: ReadonlySet<string>): boolean {
  const words = text.replace(/__attribute__\s*\(\(.*\)\)/g, '').match(/\w+/g) ?? []
  return words.every(
    (word) =>
      isTypeName(word) || known.has(word) || known.has(`typedef ${word}`) || KEYWORDS.has(word),
  )
}

function typeOf(text: string, declarations: Declarations): ReturnType<Meanings['type']> {
  try {
    const { type, array } = parseType(text, declarations)
    return array ? undefined : type
  } catch (error) {
    if (error instanceof DeclarationError) return undefined
    throw error
  }
}

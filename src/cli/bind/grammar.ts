import type { Node, Parser } from 'web-tree-sitter'

/** The build copies it from the package `tree-sitter-c`, whose install script nobody needs. */
const GRAMMAR = new URL('../../../build/grammar/tree-sitter-c.wasm', import.meta.url)

let parser: Promise<Parser> | undefined

async function load(): Promise<Parser> {
  // Only here: no other command waits for it.
  const treeSitter = await import('web-tree-sitter')
  await treeSitter.Parser.init()
  const parser = new treeSitter.Parser()
  const { readFile } = await import('node:fs/promises')
  return parser.setLanguage(await treeSitter.Language.load(await readFile(GRAMMAR)))
}

/** The root of the syntax tree of a C text. */
export async function parseC(text: string): Promise<Node> {
  parser ??= load()
  const tree = (await parser).parse(text)
  if (tree === null) throw new Error('the C parser gave up')
  return tree.rootNode
}

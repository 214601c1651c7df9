import type { Node } from 'web-tree-sitter'

/** What a declaration has beside types and names, and no call depends on. */
const NOISE = new Set([
  'comment',
  'gnu_asm_expression',
  'storage_class_specifier',
  'attribute_declaration',
  'ms_declspec_modifier',
  'ms_call_modifier',
  'ERROR',
])
const WORDS = new Set([
  '__extension__',
  'inline',
  '__inline',
  '__inline__',
  '_Noreturn',
  'restrict',
  '__restrict',
  '__restrict__',
])
const INDENT = '  '

interface Token {
  readonly text: string
  /** What the token stands in. */
  readonly parent: string
}

/** The C text of a part of the tree, in one style: without what says nothing about a call. */
export function cText(...nodes: readonly Node[]): string {
  const tokens: Token[] = []
  for (const node of nodes) collect(node, tokens)
  let text = ''
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]
    const inBody = token.parent === 'field_declaration_list'
    if (token.text === '}' && inBody) depth--
    const newLine =
      (token.text === '}' && inBody) ||
      (before !== undefined && before.text === '{' && before.parent === 'field_declaration_list') ||
      (before?.text === ';' && depth > 0)
    if (newLine) text += `\n${INDENT.repeat(depth)}`
    else if (before !== undefined && isApart(before.text, token, tokens[index + 1])) text += ' '
    text += token.text
    if (token.text === '{' && inBody) depth++
  }
  return text
}

function collect(node: Node, tokens: Token[]): void {
  if (NOISE.has(node.type) || (node.childCount === 0 && WORDS.has(node.text))) return
  if (node.type === 'attribute_specifier' && !/\b_*(packed|aligned)_*\b/.test(node.text)) return
  if (node.type === 'parenthesized_declarator' && node.namedChild(0)?.type === 'identifier') {
    // A name in parentheses is the name.
    collect(node.namedChild(0) as Node, tokens)
    return
  }
  if (node.childCount === 0 || node.type === 'char_literal' || node.type === 'string_literal') {
    if (node.text !== '') tokens.push({ text: node.text, parent: node.parent?.type ?? '' })
    return
  }
  for (const child of node.children) collect(child, tokens)
}

function isApart(before: string, { text, parent }: Token, after: Token | undefined): boolean {
  if (before === ',' || before === '{' || text === '{' || text === '}') return true
  if (before === '}') return /\w/.test(text) || text === '*'
  if (text === '(') return isWord(before) && after?.text === '*'
  if (text === '=' || before === '=') return true
  if (parent === 'binary_expression' && /^[^\w(]/.test(text)) return true
  if (text === '*') return isWord(before)
  return (isWord(before) && isWord(text)) || (/^(<<|>>|[+\-/%|&^])$/.test(before) && isWord(text))
}

function isWord(text: string): boolean {
  return /^[\w.']/.test(text)
}

/**
 * The words of C that are no names, and what each does among the specifiers of a type:
 * it is a part of the type's name, or a keyword before a tag, or `const`, or says nothing about a call. A direction
 * stands before a whole parameter.
 */
export const keywords = {
  void: 'type',
  bool: 'type',
  _Bool: 'type',
  char: 'type',
  short: 'type',
  int: 'type',
  long: 'type',
  signed: 'type',
  unsigned: 'type',
  float: 'type',
  double: 'type',

  struct: 'tag',
  union: 'tag',
  enum: 'tag',

  const: 'const',
  volatile: 'ignored',
  restrict: 'ignored',
  __restrict: 'ignored',
  __restrict__: 'ignored',
  extern: 'ignored',
  static: 'ignored',
  inline: 'ignored',
  __inline: 'ignored',
  __inline__: 'ignored',
  register: 'ignored',
  _Noreturn: 'ignored',

  __int128: 'unsupported',
  _Complex: 'unsupported',
  typedef: 'unsupported',

  _Out_: 'direction',
  _Inout_: 'direction',
  _Free_: 'disposal',
} as const

export type Keyword = keyof typeof keywords

/** The keywords of one role. */
export type KeywordOf<Role> = {
  [Word in Keyword]: (typeof keywords)[Word] extends Role ? Word : never
}[Keyword]

export function isKeyword(word: string): word is Keyword {
  return Object.hasOwn(keywords, word)
}

const byPointerOnly = "a pointer to it is 'void *', and by value it can't be passed"

/** What to do instead about a word, or a type's name, that is not supported. */
export const advice = {
  'long double': byPointerOnly,
  __int128: byPointerOnly,
  _Complex: byPointerOnly,
  typedef: 'write the type itself',
} as const

export type Advice = typeof advice

export function isUnsupported(word: string): word is keyof Advice {
  return Object.hasOwn(advice, word)
}

/**
 * What can be wrong with a declaration: one table for run time and compile time.
 * `$1` and `$2` are places for words of the declaration.
 */
const messages = {
  tooLong: 'the declaration is longer than $1 characters',
  unexpectedCharacter: "unexpected character '$1'",
  openComment: 'the comment has no end',

  missingType: 'expected a type, found $1',
  missingTag: 'expected a tag, found $1',
  missingName: 'expected a function name, found $1',
  missingOpen: "expected '(', found $1",
  missingComma: "expected ',' or ')', found $1",
  missingLength: "expected an array length or ']', found $1",
  missingBracket: "expected ']', found $1",
  trailing: 'expected the end of the text, found $1',
  missingToken: "expected '$1', found $2",
  missingNumber: 'expected a number or the name of a constant, found $1',
  missingMember: 'expected the name of a member, found $1',
  missingDeclared: 'expected a name, found $1',

  unknownType: "unknown type '$1'",
  foreignType: "unknown type '$1': $2",
  similarType: "unknown type '$1' - did you mean '$2'?",
  notAType: "'$1' is not a type",
  noValue: "void is no value: write '(void)' for no parameters, 'void *' for a pointer",
  duplicateName: "there is a parameter '$1' already",
  tooManyParameters: 'a function may have up to $1 parameters',

  unsupported: "'$1' is not supported: $2",
  byValue: "'$1' by value is not supported: pass a pointer, '$1 *'",
  body: "a library has the function's body already: end the prototype with ';'",
  badResult: 'a function can return no array and no function: write a pointer to it',
  badElement: 'an array has no functions as elements: write pointers to them',
  tooDeep: 'this is nested too deep',
  divisionByZero: 'a division by zero',
  badShift: 'a shift by less than 0 or more than 63 bits',
  badLength: 'an array has from 0 to $1 elements, not $2',
  badWidth: "'$1' has no room for $2 bits",
  badAlignment: 'an alignment is a power of two up to $1, not $2',
  badConstant: "'$1' does not fit an enumeration: $2",
  tooLarge: 'a structure of more than $1 bytes',
  memberTwice: "there is a member '$1' already",
  nameTwice: "'$1' is declared already, as something else",
  flexibleLast: 'an array without a length is the last member of a structure, or none',
  bitType: "a bit-field is an integer or bool, not '$1'",
  functionByValue: 'a function is no value: write a pointer to it',

  variadicFirst: "'...' needs a parameter before it",
  variadicLast: "expected ')' behind '...', found $1",
  misplaced: "'$1' belongs in front of a parameter",
  strayDisposal: "'$1' belongs in front of a result, or behind '_Out_'",
  disposal: "'_Free_' belongs to a pointer to a value that can be copied",
  directed: "'$1' belongs to a pointer or an array whose elements are not const",
  takenName: "'$1' is what a call gives by that name already: name the parameter otherwise",
  unnamed: "'$1' needs a parameter with a name: it is the name of the result",
  lengthless: "'$1' needs the length of the array: a number, or the name of a parameter",
} as const

type Messages = typeof messages

/** The name of a message. */
export type Problem = keyof Messages

/** The message about `problem`, with its places filled. */
export function format(problem: Problem, first = '', second = ''): string {
  return messages[problem].replace(/\$[12]/g, (place) => (place === '$1' ? first : second))
}

/** {@link format} as a type. */
export type Format<
  P extends Problem,
  First extends string = '',
  Second extends string = '',
> = Filled<Messages[P], First, Second>

type Filled<
  Template extends string,
  First extends string,
  Second extends string,
  Done extends string = '',
> = Template extends `${infer Before}$${infer Place extends '1' | '2'}${infer After}`
  ? Filled<After, First, Second, `${Done}${Before}${Place extends '1' ? First : Second}`>
  : `${Done}${Template}`

/** A token as messages show it; the empty token is the end of the text. */
export function found(token: string): string {
  return token === '' ? 'the end' : `'${token}'`
}

/** {@link found} as a type; takes the tokens from that one on. */
export type Found<Tokens extends string> = Tokens extends `${infer Token} ${string}`
  ? `'${Token}'`
  : 'the end'

/** A rule's result at compile time if it failed: the message, and the tokens from its place on. */
export interface Failure<Message extends string, Tokens extends string> {
  readonly message: Message
  readonly tokens: Tokens
}

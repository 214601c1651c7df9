/** What a throw-away process said of one trial, line by line, and how it ended. */

/** How a throw-away process ended: an exit status, a signal, or neither within its time. */
export type End =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'hung' }

export type Values = Readonly<Record<string, string>>

export interface Facts {
  /** It came as far as loading the library: what happened then is the library's work. */
  readonly begun: boolean
  /** It came to its own end. */
  readonly done: boolean
  readonly end: End
  /** What the library's function returned, once for each time that it was loaded. */
  readonly answers: readonly number[]
  /** Why the library could not be loaded. */
  readonly refused?: string
  /** How calls ended that did not return. */
  readonly ended: readonly string[]
  /** What the program found before the library was loaded, and after it was called. */
  readonly before: Values
  readonly after: Values
  /** Costs: nanoseconds, nanoseconds, KiB. */
  readonly costs: Values
  /** What arrived on standard output. */
  readonly output: string
}

/** Takes the lines apart: `kind TAB name TAB value`. `folder` is left out of the texts: it differs by machine. */
export function factsOf(lines: string, end: End, output: string, folder: string): Facts {
  const all = lines.split('\n').map((line) => line.split('\t'))
  const of = (kind: string): string[][] => all.filter(([each]) => each === kind)
  const values = (kind: string): Values =>
    Object.fromEntries(of(kind).map(([, name = '', value = '']) => [name, value]))
  const texts = (kind: string): string[] =>
    of(kind).map(([, , value = '']) => value.replaceAll(folder, '').replace(/^\//, ''))
  const [refused] = texts('refused')
  return {
    begun: of('begun').length > 0,
    done: of('done').length > 0,
    end,
    answers: texts('answer').map(Number),
    ...(refused === undefined ? {} : { refused }),
    ended: all
      .filter(([kind, name]) => kind === 'ended' && name === 'call')
      .map(([, , value = '']) => value),
    before: values('before'),
    after: values('after'),
    costs: values('cost'),
    output,
  }
}

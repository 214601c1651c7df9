/** `Text` with every `From` replaced: `String.prototype.replaceAll` as a type. */
export type Replace<
  Text extends string,
  From extends string,
  To extends string,
  Done extends string = '',
> = Text extends `${infer Before}${From}${infer After}`
  ? Replace<After, From, To, `${Done}${Before}${To}`>
  : `${Done}${Text}`

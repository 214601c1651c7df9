const SHOWN = 500

/** Text of a fat thread, fit for a message: cut, and without characters that a terminal would obey. */
export function cleanText(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
  return cut.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]+/gu, ' ').trim()
}

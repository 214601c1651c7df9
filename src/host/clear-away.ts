/** What a process that has ended leaves behind. */

const MOST = 2
/** Milliseconds: whoever goes on has the processors first. */
const REST = 10

const waiting: (() => void)[] = []

/**
 * Does work that takes long and that nobody waits for: soon, and behind what is more urgent. A program that blocks has
 * no later turns: no more than two wait. It keeps no program alive, which leaves nothing behind when it ends.
 */
export function clearAwayLater(work: () => void): void {
  waiting.push(work)
  if (waiting.length === 1) setTimeout(clearAway, REST).unref()
  if (waiting.length > MOST) waiting.shift()?.()
}

function clearAway(): void {
  for (const work of waiting.splice(0)) work()
}

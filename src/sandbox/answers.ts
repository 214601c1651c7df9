import { addon } from '../host/addon.ts'
import { questionsFor } from './rules.ts'
import { systemCalls } from './syscalls.ts'

const NUMBERS = 1024

let learnt = false

/** Tells the addon how to answer denied calls: once in an environment. */
export function learnAnswers(): void {
  if (learnt) return
  learnt = true
  const { numberOf } = systemCalls()
  const answers = new Uint8Array(NUMBERS)
  for (const [name, question] of questionsFor()) {
    const number = numberOf.get(name)
    if (number !== undefined && number < NUMBERS) answers[number] = question
  }
  addon().setAnswers(answers)
}

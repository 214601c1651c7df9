// One measure: its subjects take turns, A B C A B C, so that what disturbs the machine disturbs all.
import { requireAgreement } from './agreement.mjs'
import { conditionsOf, under } from './conditions.mjs'
import { keyOf, seriesOf } from './series.mjs'
import { Session } from './session.mjs'
import { Unavailable } from './unavailable.mjs'

/** What one subject gave: samples by series, one array a round. */
class Entry {
  constructor(measure, listed) {
    this.listed = listed
    this.rounds = Object.fromEntries(seriesOf(measure).map((series) => [keyOf(series), []]))
    /** By the condition under which they are measured. */
    this.sessions = new Map()
    this.problem = undefined
    this.check = undefined
  }

  /** A subject that fails is left out from then on; the others go on. */
  async attempt(step) {
    if (this.problem !== undefined) return
    try {
      await step()
    } catch (error) {
      this.problem = { failed: !(error instanceof Unavailable), reason: error.message }
    }
  }

  take({ samples, check }) {
    this.check = check
    for (const [name, values] of Object.entries(samples)) this.rounds[name].push(values)
  }
}

/**
 * Runs a measure; gives its entries, and in words what it was made with. `plan` is `{ rounds, milliseconds, atLeast, warmUp }`; `betweenRounds` is called
 * while all subjects are idle, and `say` what takes long beforehand.
 */
export async function runMeasure(measure, plan, betweenRounds, say) {
  const entries = measure.subjects.map((listed) => new Entry(measure, listed))
  let note
  try {
    note = await measure.prepare?.(say)
  } catch (error) {
    for (const entry of entries) await entry.attempt(() => Promise.reject(error))
    return { entries, note }
  }
  const start = async (entry, condition) => {
    const session = new Session(measure, entry.listed, plan.warmUp, condition)
    entry.sessions.set(condition, session)
    await session.ready()
  }
  const stop = async (entry) => {
    const sessions = [...entry.sessions.values()]
    entry.sessions.clear()
    await Promise.all(sessions.map((session) => session.close()))
  }
  const conditions = conditionsOf(measure)
  const turn = measure.fresh ? { milliseconds: 0, atLeast: 1 } : plan
  try {
    if (!measure.fresh)
      for (const condition of conditions)
        for (const entry of entries) await entry.attempt(() => start(entry, condition))
    const rounds = Math.min(plan.rounds, measure.mostRounds ?? plan.rounds)
    for (let round = 0; round < rounds; round++) {
      betweenRounds(round, rounds)
      for (const condition of conditions)
        for (const entry of entries) {
          await entry.attempt(async () => {
            if (measure.fresh) await start(entry, condition)
            const session = entry.sessions.get(condition)
            entry.take(await under(condition, () => session.turn(turn)))
          })
          if (measure.fresh) await stop(entry)
        }
    }
  } finally {
    for (const entry of entries) await stop(entry)
  }
  requireAgreement(entries)
  return { entries, note }
}

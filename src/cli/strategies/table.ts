/** The whole table: every strategy with every behaviour, and what each strategy costs. */
import { BEHAVIOURS } from './behaviours/index.ts'
import type { Facts } from './facts.ts'
import { STRATEGIES, type Strategy } from './strategies.ts'
import { measure, tryOut } from './trial.ts'
import { type Behaviour, notTestable, type Verdict, verdictOf } from './verdict.ts'

/** One strategy with one behaviour. */
export interface Cell extends Verdict {
  readonly strategy: string
  readonly behaviour: string
  /** What the throw-away process took, whatever came of it. */
  readonly milliseconds: number
}

/** Medians. */
export interface Costs {
  /** Microseconds from nothing to the first answer. */
  readonly start: number
  /** Microseconds of one more call that waits for its answer. */
  readonly call: number
  /** KiB: proportional set size that it adds. */
  readonly memory: number
}

export interface Table {
  readonly strategies: readonly (Strategy & { readonly costs: Costs | null })[]
  readonly behaviours: readonly Behaviour[]
  readonly cells: readonly Cell[]
}

/** Told of each cell, with how many there are; and of each strategy whose costs are measured. */
export type Progress = (done: number, total: number, what: string) => void

/** Cells at once. */
const AT_ONCE = 2
const ROUNDS = 11
const CALLS = 500

const DEFAULT_CONTROLS = ['dlopen']

export async function makeTable(
  wanted: readonly Behaviour[] = BEHAVIOURS,
  progress: Progress = () => {},
): Promise<Table> {
  const pairs = wanted.flatMap((behaviour) =>
    STRATEGIES.map((strategy) => [strategy, behaviour] as const),
  )
  // Costs are those of a strategy: what is asked about a few behaviours goes without.
  const measured = wanted.length === BEHAVIOURS.length ? STRATEGIES : []
  const total = pairs.length + measured.length
  let done = 0
  const tell = (what: string): void => progress(++done, total, what)
  const cells = await inTurn(pairs, async ([strategy, behaviour]) => {
    const cell = await makeCell(strategy, behaviour)
    tell(`${behaviour.id}, ${strategy.id}`)
    return cell
  })
  const costs = new Map<string, Costs | null>()
  // One at a time: what runs beside it would count.
  for (const strategy of measured) {
    costs.set(strategy.id, costsOf(await measure(strategy, ROUNDS, CALLS)))
    tell(`costs, ${strategy.id}`)
  }
  const strategies = STRATEGIES.map((each) => ({ ...each, costs: costs.get(each.id) ?? null }))
  return { strategies, behaviours: wanted, cells: withControls(wanted, cells) }
}

/** All of them, some at once, and their results in order. */
async function inTurn<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const left = all.entries()
  const worker = async (): Promise<void> => {
    for (const [at, each] of left) results[at] = await work(each)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

async function makeCell(strategy: Strategy, behaviour: Behaviour): Promise<Cell> {
  const begin = performance.now()
  const facts = await tryOut(strategy, behaviour)
  const milliseconds = Math.round(performance.now() - begin)
  const verdict = verdictOf(behaviour, facts)
  return { strategy: strategy.id, behaviour: behaviour.id, ...verdict, milliseconds }
}

function costsOf({ costs }: Facts): Costs | null {
  const [start, call, memory] = [costs['start'], costs['call'], costs['memory']].map(Number)
  if (start === undefined || call === undefined || memory === undefined) return null
  return Number.isNaN(start) ? null : { start: start / 1e3, call: call / 1e3, memory }
}

/** Where no control comes to harm, nothing is shown by those that don't. */
export function withControls(
  behaviours: readonly Behaviour[],
  cells: readonly Cell[],
): readonly Cell[] {
  const unshown = new Map(
    behaviours.flatMap(({ id, controls = DEFAULT_CONTROLS }) => {
      const shown = cells.filter(
        ({ behaviour, strategy }) => behaviour === id && controls.includes(strategy),
      )
      if (shown.some(({ outcome }) => outcome === 'harmed')) return []
      return [
        [id, shown.map(({ strategy, reason }) => `${strategy}: ${reason}`).join(' ')] as const,
      ]
    }),
  )
  return cells.map((cell) => {
    const why = unshown.get(cell.behaviour)
    if (why === undefined || cell.outcome !== 'contained') return cell
    const reason = `No harm is shown here even where it should be, so nothing follows from its absence (${why})`
    return { ...cell, ...notTestable(reason, cell.evidence) }
  })
}

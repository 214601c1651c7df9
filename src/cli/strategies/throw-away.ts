/** The program that dies in the laboratory's place where a strategy needs Node: `trial|measure STRATEGY WORD...`. */
import { readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CrashError, ExitError, type Library, open, TimeoutError } from '../../index.ts'
import { FAT_THREAD } from './strategies.ts'
import { loadWitness } from './witness.ts'

const REPORT = 3
const DEED = { deed: 'long deed(const char *question)' } as const
type Deed = Library<typeof DEED>

function report(kind: string, name: string, value: unknown): void {
  writeSync(REPORT, `${kind}\t${name}\t${String(value).replace(/\s+/g, ' ')}\n`)
}

/** As the laboratory words it. */
function endOf(error: unknown): string {
  if (error instanceof CrashError) return `ended by ${error.signal}`
  if (error instanceof ExitError) return `exited with status ${error.exitCode}`
  if (error instanceof TimeoutError) return 'was killed at its time limit'
  return `failed: ${error instanceof Error ? error.message : error}`
}

async function tryOut(
  behaviour: string,
  [loadLimit = 0, limit = 0, linger = 0]: readonly number[],
  paths: readonly string[],
): Promise<void> {
  const witness = loadWitness()
  const question = witness.prepare(behaviour)
  report('begun', FAT_THREAD, behaviour)
  const libraries: Deed[] = []
  for (const path of paths) {
    const library = await load(path, loadLimit)
    if (library === undefined) break
    libraries.push(library)
    await library.symbols.deed
      .with({ timeout: limit })(question)
      .then(
        (answer) => report('answer', 'deed', answer),
        (error) => report('ended', 'call', endOf(error)),
      )
  }
  witness.look(behaviour, String(libraries[0]?.thread.pid ?? 0))
  for (const library of libraries) await library.close()
  await sleep(linger)
  report('done', FAT_THREAD, behaviour)
}

async function load(path: string, limit: number): Promise<Deed | undefined> {
  try {
    return await open(path, DEED, { timeout: limit })
  } catch (error) {
    report('refused', 'load', error instanceof Error ? error.message : error)
    return undefined
  }
}

async function measure(rounds: number, calls: number, path: string): Promise<void> {
  // What the first fat thread of a program makes for all that follow is none of their costs.
  await (await open(path, DEED)).close()
  const starts: number[] = []
  const eachCall: number[] = []
  const memory: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now()
    const library = await open(path, DEED)
    await library.symbols.deed('')
    starts.push((performance.now() - begin) * 1e6)
    memory.push(memoryOf(library.thread.pid))
    const { deed } = library.symbols
    const before = performance.now()
    for (let call = 0; call < calls; call++) deed.sync('')
    eachCall.push(((performance.now() - before) * 1e6) / calls)
    await library.close()
  }
  report('cost', 'start', Math.round(median(starts)))
  report('cost', 'call', median(eachCall).toFixed(1))
  report('cost', 'memory', median(memory))
}

/** Proportional set size, in KiB. */
function memoryOf(pid: number | undefined): number {
  const [, kib = 'NaN'] =
    /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? []
  return Number(kib)
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

async function main(what = '', strategy = '', ...words: readonly string[]): Promise<void> {
  if (strategy !== FAT_THREAD) {
    const witness = loadWitness()
    if (what === 'trial') witness.trial(...words)
    else witness.measure(...words)
  } else if (what === 'trial') {
    const [behaviour = '', loadLimit, limit, linger, ...paths] = words
    await tryOut(behaviour, [loadLimit, limit, linger].map(Number), paths)
  } else {
    const [rounds, calls, path = ''] = words
    await measure(Number(rounds), Number(calls), path)
  }
}

await main(...process.argv.slice(2))

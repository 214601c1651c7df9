import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { CrashError, ExitError, type Library, open, TimeoutError } from '../../index.ts'
import { compile } from './compile.ts'
import { scanDescriptors } from './descriptors.ts'
import { failureOf, type Step } from './step.ts'

/** Milliseconds. */
const LIMIT = 200

const DEED = { deed: 'void deed(void)', answer: 'int answer(void)' } as const

/** A new process serves after the last one ended. */
async function serves(library: Library<typeof DEED>): Promise<void> {
  assert.equal(await library.symbols.answer(), 42, 'the next call fails')
}

async function halt(): Promise<string> {
  await using library = await open(await compile('executes-hlt'), DEED)
  const { signal, symbol } = await failureOf(library.symbols.deed(), CrashError)
  assert.equal(symbol, 'deed')
  await serves(library)
  return `CrashError, ${signal} in ${symbol}; the next call works`
}

async function environment(): Promise<string> {
  process.env['FAT_THREADS_TOUR'] = randomBytes(16).toString('hex')
  const declarations = { deed: 'int deed(void)' } as const
  await using library = await open(await compile('reads-the-environment'), declarations)
  assert.equal(await library.symbols.deed(), 0)
  return `it finds 0 variables of the ${Object.keys(process.env).length} that the program has`
}

async function hunt(): Promise<string> {
  const secret = randomBytes(32)
  // The library is told what to look for under a mask, so that the request isn't what it finds.
  const masked = secret.map((byte) => byte ^ 0xff)
  await using library = await open(await compile('hunts-for-a-secret'), {
    hunt: 'int hunt(const uint8_t *masked, size_t length)',
    searched: 'size_t searched(void)',
    keep: 'void keep(const uint8_t *bytes, size_t length)',
  })
  const { hunt, searched, keep } = library.symbols
  assert.equal(await hunt(masked, masked.length), 0, 'it found the secret')
  const megabytes = (Number(await searched()) / 2 ** 20).toFixed(1)
  await keep(secret, secret.length)
  assert.notEqual(await hunt(masked, masked.length), 0, 'it finds no secret at all')
  return `0 finds in ${megabytes} MiB, all it can see; once given the secret, it finds it`
}

async function exit(): Promise<string> {
  await using library = await open(await compile('exits'), DEED)
  const { exitCode } = await failureOf(library.symbols.deed(), ExitError)
  assert.equal(exitCode, 0)
  await serves(library)
  return 'ExitError with status 0; the program goes on and the next call works'
}

async function loop(): Promise<string> {
  await using library = await open(await compile('loops'), DEED)
  let ticks = 0
  const timer = setInterval(() => ticks++, 10)
  const call = library.symbols.deed.with({ timeout: LIMIT })()
  await failureOf(call, TimeoutError).finally(() => clearInterval(timer))
  assert.ok(ticks > 2, "the program's timers did not run")
  await serves(library)
  return `TimeoutError after ${LIMIT} ms; the program's timer ran ${ticks} times meanwhile`
}

async function outlive(): Promise<string> {
  const declarations = { start: 'int start(void)', beats: 'int beats(void)' } as const
  const library = await open(await compile('starts-a-thread'), declarations)
  const { pid } = library.thread
  assert.equal(await library.symbols.start(), 0)
  const beats = await library.symbols.beats()
  assert.ok(beats > 0, 'its thread does not run')
  await library.close()
  assert.ok(!existsSync(`/proc/${pid}`), `process ${pid} is still there`)
  return `its thread ran; after close() process ${pid} is gone, thread and all`
}

export const HOSTILE: readonly Step[] = [
  { title: 'executes hlt', run: halt },
  { title: 'reads every descriptor', run: scanDescriptors },
  { title: 'reads the environment', run: environment },
  { title: 'hunts for a secret in memory', run: hunt },
  { title: 'calls exit(0)', run: exit },
  { title: 'loops without end', run: loop },
  { title: 'has a thread that outlives dlclose', run: outlive },
]

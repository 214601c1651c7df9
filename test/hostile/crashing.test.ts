/** Libraries that crash, leave, hang or upset their process. */
import { once } from 'node:events'
import { afterAll, expect } from 'vitest'
import { control } from '../support/control.ts'
import {
  bounded,
  breaks,
  crash,
  dies,
  either,
  exit,
  exits,
  gives,
  hangs,
  reports,
  type Settled,
  settle,
  timeout,
} from '../support/outcomes.ts'
import { processes } from '../support/processes.ts'
import { call, describeRows, type Hostile, type Mode, type Row } from '../support/rows.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const X64 = { processor: 'x64' } as const

/** The address in the sources of the fixtures where nothing is mapped. */
const UNMAPPED = 0x123456789000n

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

/** For deeds that take a file: one that the fat thread may read and write. */
const inScratchFile = (name: string): Pick<Row, 'prototype' | 'args' | 'options'> => ({
  prototype: 'int deed(const char *path)',
  args: [scratch.path(name)],
  options: { permissions: { read: [scratch.folder], write: [scratch.folder] } },
})

describeRows('crashing', [
  {
    deed: 'executes hlt',
    fixture: 'executes-hlt',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'writes to null',
    fixture: 'writes-to-null',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n, symbol: 'deed' }),
  },
  {
    deed: 'reads an unmapped address',
    fixture: 'reads-unmapped-address',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: UNMAPPED, symbol: 'deed' }),
  },
  {
    deed: 'reads a non-canonical address',
    fixture: 'reads-non-canonical-address',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { symbol: 'deed' }),
  },
  {
    deed: 'reads misaligned with alignment checks on',
    fixture: 'reads-misaligned',
    harm: dies('SIGBUS'),
    outcome: crash('SIGBUS', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'reads past the end of a mapped file',
    fixture: 'reads-past-end-of-file',
    ...inScratchFile('short'),
    harm: dies('SIGBUS'),
    outcome: crash('SIGBUS', { symbol: 'deed' }),
  },
  {
    deed: 'divides by zero',
    fixture: 'divides-by-zero',
    harm: dies('SIGFPE'),
    outcome: crash('SIGFPE', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'divides the smallest integer by -1',
    fixture: 'divides-smallest-integer',
    harm: dies('SIGFPE'),
    outcome: crash('SIGFPE', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'executes an illegal instruction',
    fixture: 'executes-ud2',
    harm: dies('SIGILL'),
    outcome: crash('SIGILL', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'executes int3',
    fixture: 'executes-int3',
    harm: dies('SIGTRAP'),
    outcome: crash('SIGTRAP', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'sets the trap flag',
    fixture: 'traps-each-instruction',
    harm: dies('SIGTRAP'),
    outcome: crash('SIGTRAP', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'jumps to null',
    fixture: 'jumps-to-null',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n }),
  },
  {
    deed: 'jumps to an unmapped address',
    fixture: 'jumps-to-unmapped-address',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: UNMAPPED }),
  },
  {
    deed: 'returns to nowhere',
    fixture: 'returns-to-nowhere',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0x4141414141n }),
    ...X64,
  },
  {
    deed: 'writes to its code',
    fixture: 'writes-to-code',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { symbol: 'deed' }),
  },
  {
    deed: 'executes its data',
    fixture: 'executes-data',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
    ...X64,
  },
  {
    deed: 'recurses without end',
    fixture: 'recurses-forever',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { symbol: 'deed' }),
  },
  {
    deed: 'jumps over the guard page',
    fixture: 'jumps-over-the-guard-page',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { symbol: 'deed' }),
  },
  {
    deed: 'loses its stack',
    fixture: 'loses-its-stack',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { symbol: 'deed' }),
    ...X64,
  },
  {
    deed: 'smashes its whole stack',
    fixture: 'smashes-its-whole-stack',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { symbol: 'deed' }),
  },
  {
    deed: 'takes the signal stack away and recurses',
    fixture: 'takes-the-signal-stack-away',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'loses its thread pointer',
    fixture: 'loses-its-thread-pointer',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
    ...X64,
  },
  {
    deed: 'unmaps its code',
    fixture: 'unmaps-its-code',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'unmaps everything',
    fixture: 'unmaps-everything',
    harm: dies('SIGSEGV'),
    outcome: gives(-1), // the C library's constants are not to be touched
  },
  {
    deed: 'crashes on another stack',
    fixture: 'crashes-on-another-stack',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n, symbol: 'crash_there' }),
  },
  {
    deed: 'crashes below a wild frame',
    fixture: 'crashes-with-a-wild-frame',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n, symbol: 'deed' }),
  },
  {
    deed: 'crashes while the loader is locked',
    fixture: 'crashes-while-the-loader-is-locked',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n, symbol: 'deed' }),
  },
  {
    deed: 'jumps to a random place',
    fixture: 'jumps-to-a-random-place',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'jumps to a frame that has returned',
    fixture: 'jumps-to-a-returned-frame',
    harm: breaks,
    outcome: crash(/^SIG(SEGV|BUS|ILL|ABRT)$/),
  },
  {
    deed: 'destroys the registers of its caller',
    fixture: 'returns-with-registers-destroyed',
    harm: breaks,
    outcome: either(crash('SIGSEGV'), gives(1)),
    ...X64,
  },
  {
    deed: 'returns with the direction flag set',
    fixture: 'returns-with-direction-flag',
    harm: breaks,
    outcome: either(crash('SIGSEGV'), gives(1)),
    ...X64,
  },
  {
    deed: 'unmasks the traps of floating-point arithmetic',
    fixture: 'unmasks-floating-point-traps',
    harm: breaks,
    outcome: either(crash('SIGFPE'), gives(1)),
  },
])

describeRows('noticed by the C library', [
  {
    deed: 'frees twice',
    fixture: 'frees-twice',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT', { lastWords: /double free/ }),
  },
  {
    deed: 'frees what is not allocated',
    fixture: 'frees-what-is-not-allocated',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT', { lastWords: /invalid pointer/ }),
  },
  {
    deed: 'overruns the heap',
    fixture: 'overruns-the-heap',
    harm: dies('SIGABRT'),
    outcome: crash(/^SIG(ABRT|SEGV)$/),
  },
  {
    deed: 'smashes its frame',
    fixture: 'smashes-its-frame',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT', { lastWords: /stack smashing detected/ }),
  },
  {
    deed: 'fails an assertion',
    fixture: 'fails-an-assertion',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT', { lastWords: /Assertion `truth == 1' failed/ }),
  },
  { deed: 'aborts', fixture: 'aborts', harm: dies('SIGABRT'), outcome: crash('SIGABRT') },
  {
    deed: 'throws a C++ exception through the call',
    fixture: 'throws-through-the-call',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT', { lastWords: /thrown through the call/ }),
  },
  {
    deed: 'throws while it throws',
    fixture: 'throws-while-throwing',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT'),
  },
  {
    deed: 'shouts megabytes and aborts',
    fixture: 'shouts-and-aborts',
    harm: dies('SIGABRT'),
    outcome: {
      text: 'crash by SIGABRT, with bounded last words',
      check: (settled) => {
        crash('SIGABRT').check(settled)
        const { lastWords, message } = settled.error as { lastWords?: string; message: string }
        expect((lastWords ?? '').length).toBeLessThan(8192)
        expect(message.length).toBeLessThan(8192)
      },
    },
  },
])

describeRows('ended by a signal that it sends itself', [
  {
    deed: 'kills itself',
    fixture: 'kills-itself',
    harm: dies('SIGKILL'),
    outcome: crash('SIGKILL'),
  },
  {
    deed: 'raises SIGSYS',
    fixture: 'raises-sigsys',
    harm: dies('SIGSYS'),
    outcome: crash('SIGSYS'),
  },
  {
    deed: 'raises SIGTERM',
    fixture: 'raises-sigterm',
    harm: dies('SIGTERM'),
    outcome: crash('SIGTERM'),
  },
  {
    deed: 'raises SIGPIPE',
    fixture: 'raises-sigpipe',
    harm: dies('SIGPIPE'),
    outcome: crash('SIGPIPE'),
  },
  {
    deed: 'raises a real-time signal, which has no name',
    fixture: 'raises-real-time-signal',
    // Node's own child process reports neither a signal nor a status for it.
    harm: { text: 'dies without a trace', shown: (ended) => ended.reported === undefined },
    outcome: crash(/RTMIN|37/),
  },
  {
    deed: 'is killed by its timer',
    fixture: 'is-killed-by-its-timer',
    harm: dies('SIGALRM'),
    outcome: crash('SIGALRM'),
  },
  {
    deed: 'is killed by its limit of processor time',
    fixture: 'is-killed-by-its-cpu-limit',
    harm: dies('SIGXCPU'),
    outcome: crash('SIGXCPU'),
    // Its second of processor time takes longer than a second where others want the processor too.
    limit: 20_000,
  },
  {
    deed: 'is killed by its limit of file size',
    fixture: 'is-killed-by-its-file-limit',
    ...inScratchFile('none'),
    harm: dies('SIGXFSZ'),
    outcome: crash('SIGXFSZ'),
  },
])

describeRows('leaving', [
  { deed: 'calls exit(0)', fixture: 'exits-0', harm: exits(0), outcome: exit(0) },
  { deed: 'calls exit(7)', fixture: 'exits-7', harm: exits(7), outcome: exit(7) },
  { deed: 'calls exit(256)', fixture: 'exits-256', harm: exits(0), outcome: exit(0) },
  { deed: 'calls _exit(0)', fixture: 'exits-at-once-0', harm: exits(0), outcome: exit(0) },
  { deed: 'calls _exit(255)', fixture: 'exits-at-once-255', harm: exits(255), outcome: exit(255) },
  { deed: 'calls quick_exit(3)', fixture: 'exits-quickly-3', harm: exits(3), outcome: exit(3) },
  {
    deed: 'calls exit_group(5)',
    fixture: 'exits-by-system-call',
    harm: exits(5),
    outcome: exit(5),
  },
  { deed: 'calls errx(4)', fixture: 'exits-with-message', harm: exits(4), outcome: exit(4) },
  {
    deed: 'calls exit(9) in a thread of its own',
    fixture: 'exits-in-own-thread',
    harm: exits(9),
    outcome: exit(9),
  },
  {
    deed: 'calls exit(0) with a handler that hangs',
    fixture: 'exits-into-a-hanging-handler',
    harm: hangs,
    outcome: timeout(),
  },
  {
    deed: 'calls exit(0) with a handler that crashes',
    fixture: 'exits-and-crashes',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n }),
  },
  {
    deed: 'ends the thread that calls it',
    fixture: 'ends-its-thread',
    harm: breaks,
    outcome: either(timeout(), exit(0), crash('SIGABRT')),
  },
  {
    deed: 'ends the thread that calls it beside one of its own',
    fixture: 'ends-its-thread-beside-another',
    harm: breaks,
    outcome: either(exit(0), crash('SIGABRT')),
  },
  {
    deed: 'ends the thread that calls it by a system call',
    fixture: 'ends-its-thread-by-system-call',
    harm: breaks,
    outcome: either(timeout(), exit(0)),
  },
])

const hanging: readonly (readonly [deed: string, fixture: string])[] = [
  ['loops without a system call', 'loops-forever'],
  ['loops in many threads', 'loops-in-many-threads'],
  ['loops at idle priority', 'loops-at-idle-priority'],
  ['waits for ever', 'waits-forever'],
  ['yields for ever', 'yields-forever'],
  ['is woken for ever', 'is-woken-forever'],
  ['locks a mutex twice', 'locks-twice'],
  ['waits for a lock that an ended thread holds', 'waits-for-a-lock-of-an-ended-thread'],
  ['joins a thread that never ends', 'joins-a-thread-that-never-ends'],
  ['reads a pipe that nobody writes', 'reads-a-pipe-that-nobody-writes'],
  ['stops itself', 'stops-itself'],
  ['stops itself again and again', 'stops-itself-again-and-again'],
  ['blocks every signal and loops', 'blocks-every-signal-and-loops'],
  ['ignores every signal and waits', 'ignores-every-signal-and-waits'],
  ['handles SIGSEGV by returning to the fault', 'handles-sigsegv-and-returns'],
  ['prints for ever', 'prints-forever'],
]

describeRows(
  'hanging',
  hanging.map(([deed, fixture]): Row => ({ deed, fixture, harm: hangs, outcome: timeout() })),
)

describeRows('flooding', [
  {
    deed: 'prints for ever to both streams, and the program listens',
    fixture: 'prints-forever',
    harm: hangs,
    outcome: timeout(),
    options: { stdout: 'pipe', stderr: 'pipe' },
    act: (library, mode) => {
      for (const stream of ['stdout', 'stderr'] as const)
        library.thread.on(stream, (bytes) => expect(bytes.length).toBeGreaterThan(0))
      return call(library, mode)
    },
  },
])

describeRows('replacing the handlers of signals', [
  {
    deed: 'blocks every signal and crashes',
    fixture: 'blocks-every-signal-and-crashes',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'ignores every signal and crashes',
    fixture: 'ignores-every-signal-and-crashes',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'resets every handler and crashes',
    fixture: 'resets-the-handlers-and-crashes',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'crashes in a handler of its own',
    fixture: 'handles-sigsegv-and-crashes',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'handles SIGABRT and aborts',
    fixture: 'handles-sigabrt-and-returns',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT'),
  },
  {
    deed: 'leaves in a handler of its own',
    fixture: 'handles-sigsegv-and-exits',
    harm: exits(0),
    outcome: exit(0),
  },
  {
    deed: 'goes on after a fault, as language runtimes do',
    fixture: 'handles-sigsegv-and-goes-on',
    harm: reports('goes on', (value) => value === 7),
    outcome: gives(7),
  },
  {
    deed: 'leaves a timer that interrupts every system call',
    fixture: 'interrupts-every-wait',
    harm: breaks,
    outcome: gives(1),
  },
])

describeRows('crashing in a thread of its own', [
  {
    deed: 'crashes in a thread during a call',
    fixture: 'crashes-in-own-thread',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n, symbol: 'crash_now' }),
  },
  {
    deed: 'crashes in many threads at once',
    fixture: 'crashes-in-many-threads',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n, symbol: 'crash_together' }),
  },
  {
    deed: 'recurses without end in a thread',
    fixture: 'recurses-in-own-thread',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'crashes in a thread between calls',
    fixture: 'crashes-between-calls',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n, symbol: 'crash_later' }),
    act: (library, mode) => crashAfterCall(library, mode),
  },
  {
    deed: 'is killed by its timer between calls',
    fixture: 'crashes-after-it-returned',
    harm: dies('SIGALRM'),
    outcome: crash('SIGALRM'),
    act: (library, mode) => crashAfterCall(library, mode),
  },
  {
    deed: 'exits between calls',
    fixture: 'exits-between-calls',
    harm: exits(6),
    outcome: exit(6),
    act: (library, mode) => crashAfterCall(library, mode),
  },
  {
    deed: 'stops itself between calls',
    fixture: 'stops-between-calls',
    harm: hangs,
    // The call had not begun: it may go on in the next process.
    outcome: either(timeout(), gives(42)),
    act: async (library, mode) => {
      await call(library, mode)
      const { pid } = library.thread
      const state = (): string | undefined => processes().find((one) => one.pid === pid)?.state
      await until(() => state() === 'T', 'the stop')
      return await call(library, mode, 'answer')
    },
  },
])

/** The call itself is well; its end comes a moment later, when no call runs. */
async function crashAfterCall(library: Hostile, mode: Mode): Promise<Settled> {
  const reported = once(library.thread, 'crash')
  gives(1).check(await call(library, mode))
  const { value, error, ...times } = await settle(() => reported)
  return { error: Array.isArray(value) ? value[0] : error, ...times }
}

describeRows('upsetting what a process shares', [
  {
    deed: 'closes the standard streams',
    fixture: 'closes-its-output',
    harm: reports('has no output any more', (value) => value === 1),
    control: (library) =>
      control(`begin()
        koffi.load(${JSON.stringify(library)}).func('int deed(void)')()
        try { writeSync(1, 'heard'); report(0) } catch { report(1) }`),
    outcome: gives(7),
    options: { stdout: 'inherit', stderr: 'inherit' },
  },
  {
    deed: 'changes the mode of the standard streams',
    fixture: 'makes-its-output-nonblocking',
    harm: reports('has its streams changed', (value) => Number(value) > 0),
    // Whether it succeeds inside is of no interest: the check after the row compares the program's modes.
    outcome: bounded,
    options: { stdout: 'inherit', stderr: 'inherit' },
  },
  {
    deed: 'changes folder, locale, mask and environment',
    fixture: 'changes-the-locale-and-the-directory',
    harm: reports('stands in another folder', (value) => value === 1),
    control: (library) =>
      control(`begin()
        const folder = process.cwd()
        koffi.load(${JSON.stringify(library)}).func('int deed(void)')()
        process.chdir('.')
        report(process.cwd() === folder ? 0 : 1)`),
    outcome: either(gives(7), gives(0)),
  },
  ...(['ignore', 'pipe'] as const).map(
    (stdout): Row => ({
      deed: `prints 100 MB (stdout: '${stdout}')`,
      fixture: 'prints-100-megabytes',
      harm: { text: 'floods the output', shown: (ended) => ended.outputBytes > 1e8 },
      // Nobody reads a pipe while a blocking call blocks.
      outcome: either(gives(7), timeout(5000)),
      options: { stdout },
      limit: 5000,
    }),
  ),
])

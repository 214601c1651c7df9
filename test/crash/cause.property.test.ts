/** The reports of a process that ended are its own word: whatever they say, the error is one of ours and readable. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Channel } from '../../src/channel/channel.ts'
import { causeOf } from '../../src/crash/cause.ts'
import { CrashError, FatThreadError } from '../../src/errors.ts'
import { type End, signalName } from '../../src/host/process.ts'
import { readElf } from '../../src/loader/elf.ts'
import { cleanText } from '../../src/message/clean-text.ts'
import { CRASH, LIMITS, OFFSET, START } from '../../src/protocol/protocol.ts'
import { fixture } from '../fixtures/build.ts'
import { hostileBytes, runs } from '../support/fuzzing.ts'

const channel = new Channel({ spin: 0, lanes: 4, awake: 1, policy: new Uint8Array(0) })
afterAll(() => channel.close())

const library = fixture('obeys')
const elf = readElf(readFileSync(library), library)

/** What a terminal would obey, or would show in another place than it stands. */
const UNREADABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/u

const end: fc.Arbitrary<End> = fc.oneof(
  fc
    .integer({ min: 1, max: 127 })
    .map((number): End => ({ kind: 'signal', signal: signalName(number) })),
  fc.nat(0xff).map((exitCode): End => ({ kind: 'exit', exitCode })),
  fc.constantFrom<End>({ kind: 'signal', signal: 'SIGSEGV' }, { kind: 'failed', error: 'EAGAIN' }),
)

test('the crash and the start report', () => {
  fc.assert(
    fc.property(
      hostileBytes(CRASH.bytes),
      hostileBytes(START.bytes),
      end,
      fc.boolean(),
      fc.string({ unit: 'binary', maxLength: 2000 }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      (crash, start, ended, served, words, base) => {
        channel.views.u8.set(crash, OFFSET.CRASH)
        channel.views.u8.set(start, OFFSET.START)
        const error = causeOf(
          {
            end: ended,
            served,
            start: channel.startReport(),
            demand: { lanes: 4, stack: 2 ** 23, memory: 2 ** 31 },
            crash: channel.crashReport(),
            modules: [{ path: library, base, elf }],
            several: !served,
            lastWords: cleanText(words),
          },
          { call: 'deed', library },
        )
        expect(error).toBeInstanceOf(FatThreadError)
        expect(error.message).not.toMatch(UNREADABLE)
        expect(error.message.length).toBeLessThan(1000)
        if (!(error instanceof CrashError)) return
        expect(error.backtrace.length).toBeLessThanOrEqual(LIMITS.FRAMES)
        // The kernel's word counts, but for the alarm that ends a handler which takes too long.
        if (ended.kind === 'signal' && ended.signal !== 'SIGALRM')
          expect(error.signal).toBe(ended.signal)
      },
    ),
    runs(400),
  )
})

test('text of the library in messages', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
      const clean = cleanText(text)
      expect(clean).not.toMatch(UNREADABLE)
      expect(clean.length).toBeLessThanOrEqual(501)
      expect(cleanText(clean)).toBe(clean)
    }),
    runs(1000),
  )
})

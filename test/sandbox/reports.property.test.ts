/** Denials and the receipt are made of what the other side wrote: it can't claim what the kernel doesn't say. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DENIAL, INTRODUCTION, MECHANISM, NAMESPACE } from '../../src/protocol/protocol.ts'
import { denialsIn } from '../../src/sandbox/denials.ts'
import { policyOf } from '../../src/sandbox/policy.ts'
import { receiptOf } from '../../src/sandbox/receipt.ts'
import { hostileBytes, runs } from '../support/fuzzing.ts'

const policy = policyOf({}, {}, true)

test('records of denied calls', () => {
  fc.assert(
    fc.property(
      hostileBytes(DENIAL.bytes),
      fc.nat(DENIAL.bytes),
      fc.nat(400),
      (record, cut, at) => {
        const records = new Uint8Array(DENIAL.bytes + cut)
        records.set(record)
        // A path with what a terminal would obey in it.
        records.set([0x2f, 0x1b, 0x5b, 0x0a], Math.min(at, DENIAL.bytes - 4))
        const denials = denialsIn(records, policy.granted)
        expect(denials.length).toBeLessThanOrEqual(Math.floor(records.length / DENIAL.bytes))
        for (const { syscall, args, path, pid } of denials) {
          expect(syscall).toMatch(/^(\w+|system call \d+)$/)
          expect(args).toHaveLength(6)
          expect(path ?? '').not.toMatch(/\p{Cc}/u)
          expect((path ?? '').length).toBeLessThanOrEqual(256)
          expect(pid).toBeGreaterThanOrEqual(0)
        }
      },
    ),
    runs(500),
  )
})

/** What a failed mechanism must not be said to hold. */
const HELD_BY = {
  landlock: MECHANISM.LANDLOCK,
  processes: MECHANISM.FILTER,
  signals: MECHANISM.FILTER,
  network: MECHANISM.FILTER,
  memory: MECHANISM.MEMORY,
  openFiles: MECHANISM.OPEN_FILES,
  fileSize: MECHANISM.FILE_SIZE,
} as const

test('the receipt', () => {
  const status = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom('0', '1'), fc.constantFrom('0', '2'), fc.constantFrom('0', 'f'))
      .map(([privileges, mode, digit]) =>
        [`NoNewPrivs:\t${privileges}`, `Seccomp:\t${mode}`, `CapEff:\t${digit.repeat(16)}`].join(
          '\n',
        ),
      ),
  )
  const introduction = fc.option(hostileBytes(INTRODUCTION.bytes), { nil: undefined })
  const namespaces = fc.subarray(Object.values(NAMESPACE))
  fc.assert(
    fc.property(introduction, namespaces, fc.boolean(), status, (said, flags, listening, text) => {
      const own = flags.reduce<number>((all, flag) => all | flag, 0)
      const facts = { introduction: said, namespaces: own, listening, status: text }
      const { enforced, missing } = receiptOf(policy, facts)
      const lacks = missing.map(({ what }) => what)
      expect(new Set([...enforced, ...lacks]).size).toBe(enforced.length + lacks.length)
      for (const { why, feature } of missing) expect([why, feature]).not.toContain('')
      for (const [what, mechanism] of Object.entries(HELD_BY)) {
        const outcome =
          said === undefined ? 1 : new DataView(said.buffer).getUint32(mechanism * 4, true)
        expect(enforced.includes(what)).toBe(outcome === 0)
      }
      expect(enforced.includes('capabilities')).toBe(/^CapEff:\s*0{16}$/m.test(text))
      expect(enforced.includes('system-calls')).toBe(/^Seccomp:\s*2$/m.test(text))
      expect(enforced.includes('net-namespace')).toBe((own & NAMESPACE.NET) !== 0)
    }),
    runs(1000),
  )
})

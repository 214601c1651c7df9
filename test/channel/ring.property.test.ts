/** The program's end of the ring beside a host that writes what and where it likes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ring } from '../../src/channel/ring.ts'
import { ViolationError } from '../../src/errors.ts'
import { LANE, LANE_BYTES, LIMITS, OFFSET } from '../../src/protocol/protocol.ts'
import { hostileWord, runs } from '../support/fuzzing.ts'

const REQUESTS_END = OFFSET.REQUESTS + LIMITS.SLOTS * LIMITS.REQUEST_BYTES

class Sides {
  readonly words: Int32Array
  readonly ring: Ring
  posted = 0
  completed = 0
  /** Those that the host does not see yet. */
  laid = 0

  constructor() {
    const buffer = new SharedArrayBuffer(LANE_BYTES)
    this.words = new Int32Array(buffer)
    this.ring = new Ring(buffer, 0)
  }

  responseWord(sequence: number): number {
    return (OFFSET.RESPONSES + (sequence % LIMITS.SLOTS) * LIMITS.RESPONSE_BYTES) / 4
  }

  requestWord(sequence: number): number {
    return (OFFSET.REQUESTS + (sequence % LIMITS.SLOTS) * LIMITS.REQUEST_BYTES) / 4
  }

  check(): void {
    const { ring } = this
    expect(ring.inFlight).toBe(this.posted - this.completed)
    expect(ring.full).toBe(ring.inFlight === LIMITS.SLOTS)
    expect(ring.begun()).toBeGreaterThanOrEqual(0)
    expect(ring.begun()).toBeLessThanOrEqual(ring.inFlight)
    for (const [at, from, to, size] of [
      [ring.nextRequest, OFFSET.REQUESTS, REQUESTS_END, LIMITS.REQUEST_BYTES],
      [ring.oldestRequest, OFFSET.REQUESTS, REQUESTS_END, LIMITS.REQUEST_BYTES],
      [ring.oldestResponse, OFFSET.RESPONSES, OFFSET.REQUESTS, LIMITS.RESPONSE_BYTES],
    ] as const) {
      expect(at).toBeGreaterThanOrEqual(from)
      expect(at + size).toBeLessThanOrEqual(to)
      expect(at % size).toBe(OFFSET.REQUESTS % size)
    }
  }
}

type Step = (sides: Sides) => void

const post: fc.Arbitrary<Step> = fc
  .array(hostileWord, { minLength: 4, maxLength: 40 })
  .map((list) => {
    const request = Int32Array.from(list)
    return (sides) => {
      if (sides.ring.full) return
      const at = sides.ring.nextRequest / 4
      sides.ring.publish(request, request.length)
      sides.posted++
      sides.laid = 0
      // All of it, then its number: the host may read it from now on.
      expect([...sides.words.subarray(at + 1, at + request.length)]).toEqual([
        ...request.subarray(1),
      ])
      expect(sides.words[at]).toBe(sides.posted)
    }
  })

const lay: fc.Arbitrary<Step> = fc
  .array(hostileWord, { minLength: 4, maxLength: 40 })
  .map((list) => {
    const request = Int32Array.from(list)
    return (sides) => {
      const { ring, words } = sides
      if (ring.full) return
      const at = ring.nextRequest / 4
      const before = words[at]
      ring.lay(request, request.length)
      sides.posted++
      sides.laid++
      expect(ring.laid).toBe(sides.laid)
      expect([...words.subarray(at + 1, at + request.length)]).toEqual([...request.subarray(1)])
      // The host, which looks at one after the other, does not pass the first one.
      expect(words[at]).toBe(sides.laid === 1 ? before : sides.posted)
    }
  })

const show: Step = (sides) => {
  const { ring, words, posted } = sides
  ring.show()
  for (let sequence = posted - sides.laid + 1; sequence <= posted; sequence++)
    expect(words[sides.requestWord(sequence)]).toBe(sequence)
  sides.laid = 0
  expect(ring.laid).toBe(0)
}

const count: Step = (sides) => {
  const { ring, words, posted, completed } = sides
  const found = ring.answered(LIMITS.SLOTS)
  const seen = posted - sides.laid
  let there = completed
  while (there < seen && words[sides.responseWord(there + 1)] === there + 1) there++
  expect(found).toBe(there)
  expect(ring.answered(1)).toBe(Math.min(completed + 1, found))
  expect(ring.isOutstanding(found)).toBe(found > completed)
  expect(ring.isOutstanding(completed)).toBe(false)
}

const receive: Step = (sides) => {
  const { ring } = sides
  if (ring.inFlight === sides.laid) return
  const expected = sides.completed + 1
  const there = sides.words[sides.responseWord(expected)] === expected
  expect(ring.ready()).toBe(there)
  expect(ring.look(1)).toBe(there)
  if (!there) {
    ring.checkWaiting()
    return
  }
  expect(ring.oldestResponse / 4).toBe(sides.responseWord(expected))
  ring.consume()
  sides.completed++
}

const answer: Step = ({ words, responseWord, completed, posted, laid }) => {
  const open = posted - laid - completed
  for (let next = completed + 1; next <= completed + Math.min(open, 3); next++)
    words[responseWord(next)] = next
}

const scribble: fc.Arbitrary<Step> = fc
  .tuple(
    fc.oneof(
      fc.nat(LANE_BYTES / 4 - 1),
      fc.constantFrom(LANE.at.begun / 4, LANE.at.hostAsleep / 4, LANE.at.programAsleep / 4),
      fc.nat(LIMITS.SLOTS - 1).map((slot) => (OFFSET.RESPONSES + slot * LIMITS.RESPONSE_BYTES) / 4),
    ),
    hostileWord,
  )
  .map(([at, word]) => ({ words }) => {
    words[at] = word
  })

const sleep: Step = ({ ring, words }) => {
  const asleep = ring.fallAsleep()
  expect(words[LANE.at.programAsleep / 4]).toBe(asleep ? 1 : 0)
  ring.wakeUp()
  expect(words[LANE.at.programAsleep / 4]).toBe(0)
}

const wake: Step = ({ ring, words }) => {
  const said = words[LANE.at.hostAsleep / 4] !== 0
  expect(ring.hostSleeps()).toBe(said)
  expect(ring.hostSleeps()).toBe(false)
}

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: post },
    { weight: 4, arbitrary: lay },
    { weight: 4, arbitrary: fc.constantFrom(answer, receive, receive, show, count) },
    { weight: 2, arbitrary: fc.constantFrom(sleep, wake) },
    { weight: 1, arbitrary: scribble },
  ),
  { maxLength: 400, size: 'max' },
)

test('counts only its own, whatever the host writes', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const sides = new Sides()
      try {
        for (const step of list) {
          step(sides)
          sides.check()
        }
      } catch (error) {
        if (!(error instanceof ViolationError)) throw error
      }
    }),
    runs(60),
  )
})

test('an answer before the question ends it', () => {
  const { ring, words } = new Sides()
  words[OFFSET.RESPONSES / 4 + LIMITS.RESPONSE_BYTES / 4] = 1
  expect(() => ring.publish(new Int32Array(4), 4)).toThrow(ViolationError)
})

test('a host that looks at one request after the other sees a lot at once, with its first one', () => {
  const { ring, words } = new Sides()
  const seen = (): number => {
    let sequence = 0
    while (words[(OFFSET.REQUESTS + (sequence + 1) * LIMITS.REQUEST_BYTES) / 4] === sequence + 1)
      sequence++
    return sequence
  }
  ring.publish(new Int32Array(4), 4)
  for (let i = 0; i < 3; i++) ring.lay(new Int32Array(4), 4)
  expect(seen()).toBe(1)
  ring.show()
  expect(seen()).toBe(4)
  ring.lay(new Int32Array(4), 4)
  ring.publish(new Int32Array(4), 4)
  expect(seen(), 'what is published takes along what was laid before').toBe(6)
})

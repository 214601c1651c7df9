/** Several calls as one request: what one gives, the next may take. */
import type { Steps } from '../channel/follow.ts'
import { follow } from '../channel/follow.ts'
import type { Frame } from '../channel/frame.ts'
import { type Answer, FollowUp, Later, Request } from '../channel/request.ts'
import { ClosedError, ViolationError } from '../errors.ts'
import type { Back, Place, Target } from '../memory/place.ts'
import { privateCopy } from '../memory/private-copy.ts'
import { type Views, viewsOf } from '../memory/views.ts'
import { FEED, OPERATION, STATUS, STEP, STEP_WORDS_LEAST } from '../protocol/protocol.ts'
import type { CallParts } from './call.ts'

/** What a word of a step is taken from: the result of an earlier one, or where that one's argument points to. */
export interface Feed {
  /** The word that it becomes. */
  readonly word: number
  readonly step: number
  /** The argument, or `undefined` for the result. */
  readonly argument: number | undefined
  /** How the value stands there: `TAG`. */
  readonly tag: number
}

export interface SeriesStep {
  readonly parts: CallParts
  readonly values: readonly unknown[]
  readonly feeds: readonly Feed[]
  /** `STOP`. */
  readonly stop: number
}

type Input = readonly SeriesStep[]

/** What came of it: the results of the steps that ran, and whether the last of them stopped it. */
export interface Ran {
  readonly results: readonly unknown[]
  readonly stopped: boolean
}

/** Where a step stands, from the begin of the first one on, in bytes. */
interface Placed {
  readonly at: number
  readonly back: Back | undefined
}

function wordsOf({ parts }: SeriesStep): number {
  return Math.max(parts.words, STEP_WORDS_LEAST)
}

function bytesOf(step: SeriesStep): number {
  return STEP.bytes + wordsOf(step) * 8 + step.feeds.length * FEED.bytes
}

/** All calls of one series. */
export function series(steps: Input): Request<Input, Ran> {
  const bytes = steps.reduce((sum, step) => sum + bytesOf(step), 0)
  const subject: { call?: string; library?: string | undefined } = {}
  let place: Place | undefined
  let placed: readonly Placed[] = []

  /** The call that errors are about: the last one that has begun. */
  const noteBegun = (data: DataView, offset: number): void => {
    const hasBegun = ({ at }: Placed): boolean =>
      data.getUint32(offset + at + STEP.at.begun, true) === 1
    const next = placed.findIndex((each) => !hasBegun(each))
    const last = steps[Math.max(0, (next === -1 ? placed.length : next) - 1)]
    Object.assign(subject, last?.parts.subject)
  }
  Object.assign(subject, steps[0]?.parts.subject)

  return new Request({
    operation: OPERATION.SERIES,
    words: 2,
    subject,
    calls: new Set(steps.map(({ parts }) => parts.id)),
    keep: (input, owner) =>
      input.map((step) => ({ ...step, values: step.parts.keep(step.values, owner) })),
    write: (frame, input) => {
      place = undefined
      const room = frame.place(bytes)
      placed = writeSteps(frame, input, room)
      frame.word(0, room.address)
      frame.word(1, input.length)
      place = room
      return undefined
    },
    look: () => {
      if (place !== undefined) noteBegun(place.data, place.offset)
      place = undefined
    },
    read: (answer, input) => {
      const room = place as Place
      place = undefined
      if (answer.status !== STATUS.OK)
        throw new ViolationError(
          `the fat thread answered a series with the status ${answer.status}`,
          {},
          subject,
        )
      const ran = Number(answer.views.u64[answer.value >> 3])
      const copy = privateCopy(room, bytes, false)
      noteBegun(copy, 0)
      const views = viewsOf(copy.buffer as ArrayBuffer)
      // What was placed beside the steps is gone when the request is over.
      const done = placed.slice(0, Math.min(ran, placed.length))
      const copies = done.map(({ back }) => copiesOf(back))
      const { owner, length } = answer
      return new Later(() => {
        for (const copyBack of copies.flat()) copyBack()
        return follow(ranOf(input, done, views, owner, length !== 0))
      })
    },
  })
}

/** The same in that incarnation alone, for whoever asks before what it calls is there. */
export function seriesIn(owner: object, steps: Input): Request<undefined, Ran> {
  const { operation, words, subject, calls, look, write, read } = series(steps)
  return new Request({
    operation,
    words,
    subject,
    calls: calls as ReadonlySet<number>,
    look,
    write: (frame) => {
      if (frame.owner !== owner)
        throw new ClosedError(
          `${subject.call}: the process that it was asked of has ended`,
          subject,
        )
      return write(frame, steps)
    },
    read: (answer) => read(answer, steps),
  })
}

/** Private copies of what a step wrote beside the steps; each is given to whom it is for when it is called. */
function copiesOf(back: Back | undefined): (() => void)[] {
  return (back?.copies ?? []).map(({ place, length, into }) => {
    const copy = privateCopy(place, length, false)
    return () => into(copy)
  })
}

/** The steps are made in private memory and copied in one go, as the words of a single call are. */
function writeSteps(frame: Frame, steps: Input, room: Place): Placed[] {
  const views = viewsOf(new ArrayBuffer(steps.reduce((sum, step) => sum + bytesOf(step), 0)))
  const placed: Placed[] = []
  let at = 0
  for (const step of steps) {
    const words = at + STEP.bytes
    const back = step.parts.write(within(frame, views, words), step.values)
    writeHead(views.u32, at, step)
    let feed = words + wordsOf(step) * 8
    for (const each of step.feeds) {
      const from = placed[each.step] as Placed
      views.u32[(feed + FEED.at.word) >> 2] = each.word
      views.u32[(feed + FEED.at.tag) >> 2] = each.tag
      views.u64[(feed + FEED.at.address) >> 3] =
        each.argument === undefined
          ? BigInt(room.address + from.at + STEP.at.value)
          : (views.u64[(from.at + STEP.bytes + each.argument * 8) >> 3] as bigint)
      feed += FEED.bytes
    }
    placed.push({ at, back })
    at = feed
  }
  room.bytes.set(views.u8, room.offset)
  return placed
}

/** The same request, with the words of one step in the place of its own. */
function within(frame: Frame, views: Views, words: number): Target {
  return {
    views,
    words,
    owner: frame.owner,
    place: (bytes) => frame.place(bytes),
    callback: (type, label, run) => frame.callback(type, label, run),
  }
}

function writeHead(u32: Uint32Array, at: number, step: SeriesStep): void {
  u32[(at + STEP.at.function) >> 2] = step.parts.id
  u32[(at + STEP.at.words) >> 2] = wordsOf(step)
  u32[(at + STEP.at.feeds) >> 2] = step.feeds.length
  u32[(at + STEP.at.stop) >> 2] = step.stop
  u32[(at + STEP.at.tag) >> 2] = step.parts.plan.types[0] as number
}

/** Reads what the steps say, which is a private copy by now; texts that they point to are fetched. */
function* ranOf(
  steps: Input,
  done: readonly Placed[],
  views: Views,
  owner: object,
  stopped: boolean,
): Steps<Ran> {
  const results: unknown[] = []
  for (const [index, { at, back }] of done.entries()) {
    const { parts, values } = steps[index] as SeriesStep
    const result = parts.read(answerAt(views, at, owner), values)
    const whole = back?.finish === undefined ? result : back.finish(result)
    results.push(whole instanceof FollowUp ? yield whole.request : whole)
  }
  return { results, stopped }
}

function answerAt(views: Views, at: number, owner: object): Answer {
  return {
    views,
    owner,
    status: views.u32[(at + STEP.at.status) >> 2] as number,
    errno: views.i32[(at + STEP.at.error) >> 2] as number,
    length: views.u32[(at + STEP.at.length) >> 2] as number,
    value: at + STEP.at.value,
    roomOffset: 0,
    room: 0,
  }
}

import { type Answer, Request } from '../channel/request.ts'
import type { LoadedModule } from '../crash/symbolize.ts'
import { LoadError } from '../errors.ts'
import type { LoadPlan, PlannedObject } from '../loader/load-plan.ts'
import type { Place } from '../memory/place.ts'
import { OBJECT_FLAG, OPERATION, STATUS } from '../protocol/protocol.ts'
import { cleanText } from './clean-text.ts'

const ENTRY_BYTES = 16

/** How a host behind a filter names a file that the program hands it: known to `native/addon/denials.c` too. */
const PROVIDED = '/fat-thread/'

/**
 * Loads a library's objects; `note` is told where they are. Their descriptors go beside the request, or are
 * provided: then the host opens them by a name, and gets no other file for it.
 */
export function load(
  library: number,
  plan: LoadPlan,
  note: (modules: LoadedModule[]) => void,
): Request<undefined, void> {
  let entries: Place
  return new Request({
    operation: OPERATION.LOAD,
    words: 3,
    subject: { library: plan.path },
    write(frame) {
      const { objects } = plan
      const descriptors = objects.flatMap(({ image }) =>
        image === undefined ? [] : [image.descriptor],
      )
      // Of the process that takes the request now: it may have waited for the end of another one.
      const first = frame.provide(descriptors)
      let provided = first ?? 0
      const nameOf = ({ name, image }: PlannedObject): string | undefined =>
        image === undefined || first === undefined ? name : `${PROVIDED}${provided++}`
      entries = frame.place(objects.length * ENTRY_BYTES)
      const names = objects.map(nameOf).map((name) => {
        if (name === undefined) return 0
        const bytes = Buffer.from(`${name}\0`)
        const place = frame.place(bytes.length)
        place.bytes.set(bytes, place.offset)
        return place.address
      })
      const table = new DataView(entries.bytes.buffer, entries.offset, objects.length * ENTRY_BYTES)
      objects.forEach((object, index) => {
        const flags =
          (names[index] === 0 ? 0 : OBJECT_FLAG.BY_NAME) |
          (object.global ? OBJECT_FLAG.GLOBAL : 0) |
          (object.lazy ? OBJECT_FLAG.LAZY : 0) |
          (object.deep ? OBJECT_FLAG.DEEP : 0)
        table.setBigUint64(index * ENTRY_BYTES, BigInt(flags), true)
        table.setBigUint64(index * ENTRY_BYTES + 8, BigInt(names[index] ?? 0), true)
      })
      frame.word(0, library)
      frame.word(1, objects.length)
      frame.word(2, entries.address)
      // Last: memory that was placed beyond the slot has to come before them.
      if (first === undefined && descriptors.length > 0) frame.send(library, descriptors)
      return undefined
    },
    read(answer) {
      if (answer.status !== STATUS.OK) throw refused(plan, answer)
      const { objects } = plan
      const copy = entries.bytes.slice(
        entries.offset,
        entries.offset + objects.length * ENTRY_BYTES,
      )
      const table = new DataView(copy.buffer)
      note(
        objects.map(({ path, elf }, index) => ({
          path,
          base: table.getBigUint64(index * ENTRY_BYTES, true),
          elf,
        })),
      )
    },
  })
}

/** The loader's reason, with descriptors replaced by the paths they stand for. */
function refused(plan: LoadPlan, answer: Answer): LoadError {
  const { views, value, roomOffset, room, length } = answer
  const failed = plan.objects[Number(views.u64[value >> 3])] ?? plan.objects.at(-1)
  const path = failed?.path ?? plan.path
  const copy = views.u8.slice(roomOffset, roomOffset + Math.min(length, room))
  const reason = cleanText(Buffer.from(copy).toString('utf8'))
  const named = reason.replaceAll(/\/(proc\/self\/fd|fat-thread)\/\d+/g, () => path)
  const message = named.startsWith(path) ? named : `${path}: ${named || 'the loader refused it'}`
  return new LoadError(message, { library: plan.path })
}

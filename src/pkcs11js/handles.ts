/**
 * Handles as pkcs11js has them: a CK_ULONG in a Buffer. They are the module's own in its first process. After a
 * restart the module counts from the beginning, and an old handle would be another key: so those of later processes
 * carry the process's number in the upper bits, and others are refused before the module sees them.
 */
import { CKR_OBJECT_HANDLE_INVALID, CKR_SESSION_HANDLE_INVALID } from '../pkcs11/constants/index.ts'
import { Pkcs11Error } from '../pkcs11/errors.ts'
import { readUlong, type Ulong, writeUlong } from '../pkcs11/words.ts'
import { Beginnings } from './beginnings.ts'
import { bytesOfView } from './bytes.ts'
import { Searches } from './searches.ts'

/** What a handle stands for. */
export type HandleKind = 'session' | 'object'

/** Handles of modules are small numbers or, rarely, addresses: 47 bits. */
const SHIFT = 48n
const MOST_PROCESSES = 2 ** 16 - 1

/** Bytes of a CK_ULONG. */
export const HANDLE_BYTES = 8

const ENDED = 'the process that it belongs to has ended'

/** The handles of one process. */
export class Handles {
  readonly searches = new Searches()
  readonly beginnings = new Beginnings()
  readonly #mark: bigint

  /** @param process how many there were before */
  constructor(process: number) {
    this.#mark = BigInt(process % MOST_PROCESSES) << SHIFT
  }

  /** What a program is given for a handle of the module. */
  give(handle: Ulong): Buffer {
    const mark = this.#mark
    return wordBuffer(mark === 0n || handle === 0 ? handle : BigInt(handle) ^ mark)
  }

  /** The next handle that a session's search has found already, if there is one. */
  next(session: Ulong): Buffer | undefined {
    const found = this.searches.next(session)
    return found === undefined ? undefined : this.give(found)
  }

  /** What the module is given for a program's handle. */
  take(handle: Ulong, kind: HandleKind, method: string): Ulong {
    const mark = this.#mark
    if (mark === 0n || handle === 0) return handle
    const unmarked = BigInt(handle) ^ mark
    if (unmarked >> SHIFT !== 0n) {
      const rv = kind === 'session' ? CKR_SESSION_HANDLE_INVALID : CKR_OBJECT_HANDLE_INVALID
      throw new Pkcs11Error(method, rv, ENDED)
    }
    return Number(unmarked)
  }
}

/** Between the bytes of a handle and its value: a view of each Buffer would take longer than all else of a call. */
const word = new DataView(new ArrayBuffer(HANDLE_BYTES))
const wordBytes = new Uint8Array(word.buffer)

/** A CK_ULONG that nothing is to be done with but to be passed on. */
export function wordBuffer(value: Ulong): Buffer {
  writeUlong(word, 0, value)
  const bytes = Buffer.alloc(HANDLE_BYTES)
  for (let index = 0; index < HANDLE_BYTES; index++) bytes[index] = wordBytes[index] as number
  return bytes
}

export function wordOf(view: ArrayBufferView): Ulong {
  const bytes = bytesOfView(view)
  for (let index = 0; index < HANDLE_BYTES; index++) wordBytes[index] = bytes[index] as number
  return readUlong(word, 0)
}

/** The lower half, which is all that pkcs11js reads and gives of a number. */
export function lowerHalf(value: Ulong): number {
  return Number(BigInt.asUintN(32, BigInt(value)))
}

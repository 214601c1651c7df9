/** The module as a whole. */
import { CKF_OS_LOCKING_OK, CKR_CRYPTOKI_ALREADY_INITIALIZED } from '../constants/index.ts'
import { copyOf, type Frame } from '../frame.ts'
import { call, type Steps } from '../operation.ts'
import { INFO_BYTES, type Info, readInfo } from '../structures/info.ts'
import { type Ulong, writeUlong } from '../words.ts'

/** What `C_Initialize` is told. */
export interface InitializeArguments {
  /** Beside `CKF_OS_LOCKING_OK`. */
  readonly flags?: Ulong | undefined
  /** Whether several threads may call the module. Default: true, since lanes do. */
  readonly locking?: boolean | undefined
  /** What NSS's modules read behind the standard's arguments, such as `configdir='sql:/path'`. */
  readonly libraryParameters?: string | undefined
}

/** CK_C_INITIALIZE_ARGS, with the member that NSS puts before the last one. */
const ARGUMENTS = { bytes: 56, flags: 32, libraryParameters: 40 }

export function* initialize(frame: Frame, given: InitializeArguments): Steps<void> {
  const { flags = 0, locking = true, libraryParameters } = given
  const place = frame.zeroed(ARGUMENTS.bytes)
  const { view, at } = place
  const more = locking ? CKF_OS_LOCKING_OK : 0
  writeUlong(view, at + ARGUMENTS.flags, BigInt(flags) | BigInt(more))
  if (libraryParameters !== undefined)
    writeUlong(view, at + ARGUMENTS.libraryParameters, frame.text(`${libraryParameters}\0`).address)
  yield call('C_Initialize', [place.address])
}

/** The same of a process where somebody else may have done it meanwhile. */
export function* initializeAgain(frame: Frame, given: InitializeArguments): Steps<void> {
  const steps = initialize(frame, given)
  const { value } = steps.next()
  if (value !== undefined) yield { ...value, accepts: [CKR_CRYPTOKI_ALREADY_INITIALIZED] }
}

export function* finalize(): Steps<void> {
  yield call('C_Finalize', [0])
}

export function* getInfo(frame: Frame): Steps<Info> {
  const place = frame.zeroed(INFO_BYTES)
  yield call('C_GetInfo', [place.address])
  return readInfo(new DataView(copyOf(place, INFO_BYTES).buffer))
}

/** What a PKCS #11 module has: its slots, what their tokens can do, and what is on them. */
import { printable } from '../../loader/elf-strings.ts'
import {
  type AttributeName,
  type CallOptions,
  type Found,
  type MechanismInfo,
  type Module,
  type ModuleInfo,
  Pkcs11Error,
  type Slot,
  type SlotInfo,
  type TokenInfo,
  type Ulong,
} from '../../pkcs11/index.ts'
import { UsageError } from '../failure.ts'

/** What is shown of an object, where it has it. */
export const SHOWN = [
  'CKA_CLASS',
  'CKA_LABEL',
  'CKA_ID',
  'CKA_KEY_TYPE',
  'CKA_CERTIFICATE_TYPE',
  'CKA_PRIVATE',
] as const satisfies readonly AttributeName[]

export type ShownObject = Found<(typeof SHOWN)[number]>

export interface ShownMechanism extends MechanismInfo {
  readonly mechanism: string | Ulong
}

export interface ShownSlot extends SlotInfo {
  readonly id: Ulong
  readonly token: TokenInfo | null
  readonly mechanisms: readonly ShownMechanism[]
  /** Whether somebody logged in: else private objects are not among the objects. */
  readonly loggedIn: boolean
  readonly objects: readonly ShownObject[]
  /** Why there is no more of it. */
  readonly error: string | null
}

export interface Survey {
  readonly path: string
  readonly module: ModuleInfo
  readonly slots: readonly ShownSlot[]
}

export interface Wanted extends CallOptions {
  /** Only the token with this label. */
  readonly label?: string | undefined
  readonly pin?: string | undefined
}

/** More are not listed. */
const MOST_OBJECTS = 10_000
/** Labels in one message. */
const MOST_NAMED = 20

export async function surveyOf(module: Module, wanted: Wanted): Promise<Survey> {
  const { label, pin, ...limits } = wanted
  const all = await module.slots({ ...limits, tokenPresent: false })
  const tokens = await Promise.all(all.map((slot) => tokenOf(slot, limits)))
  const chosen = all.filter((_, index) => label === undefined || tokens[index]?.label === label)
  if (label !== undefined && chosen.length === 0)
    throw new UsageError(`there is no token ${label}; ${labelsOf(tokens)}`)
  const asking = tokens.filter((token) => token?.flags.includes('CKF_USER_PIN_INITIALIZED'))
  if (pin !== undefined && label === undefined && asking.length > 1)
    throw new UsageError(
      `several tokens have a PIN, and a wrong one may lock them; --token says which: ${labelsOf(asking)}`,
    )
  const slots: ShownSlot[] = []
  for (const slot of chosen) slots.push(await slotOf(slot, limits, pin))
  return { path: module.path, module: await module.info(limits), slots }
}

function labelsOf(tokens: readonly (TokenInfo | undefined)[]): string {
  const labels = tokens.flatMap((token) =>
    token?.flags.includes('CKF_TOKEN_INITIALIZED') ? [token.label] : [],
  )
  if (labels.length === 0) return 'none is initialized'
  const more = labels.length > MOST_NAMED ? ` and ${labels.length - MOST_NAMED} more` : ''
  return `there are ${labels.slice(0, MOST_NAMED).map(printable).join(', ')}${more}`
}

/** Nothing where there is none, or none that the module understands. */
async function tokenOf(slot: Slot, limits: CallOptions): Promise<TokenInfo | undefined> {
  try {
    return await slot.token(limits)
  } catch (error) {
    if (error instanceof Pkcs11Error) return undefined
    throw error
  }
}

async function slotOf(
  slot: Slot,
  limits: CallOptions,
  pin: string | undefined,
): Promise<ShownSlot> {
  const { id } = slot
  const info = await slot.info(limits)
  const nothing = { token: null, mechanisms: [], loggedIn: false, objects: [], error: null }
  let shown: ShownSlot = { id, ...info, ...nothing }
  if (!info.flags.includes('CKF_TOKEN_PRESENT')) return shown
  try {
    const token = await slot.token(limits)
    shown = { ...shown, token }
    shown = { ...shown, mechanisms: await mechanismsOf(slot, limits) }
    // Nothing is on a token that is not initialized, and many modules open no session with it.
    if (!token.flags.includes('CKF_TOKEN_INITIALIZED')) return shown
    const asked = token.flags.includes('CKF_USER_PIN_INITIALIZED') ? pin : undefined
    await using session = await slot.open({ ...limits, pin: asked })
    shown = { ...shown, loggedIn: asked !== undefined }
    const found = await session.find({}, { ...limits, attributes: SHOWN, limit: MOST_OBJECTS })
    return { ...shown, objects: found.map(({ attributes }) => attributes) }
  } catch (error) {
    // Another slot's token may be good; a wrong PIN is an end.
    if (!(error instanceof Pkcs11Error) || error.method === 'C_Login') throw error
    return { ...shown, error: error.message }
  }
}

async function mechanismsOf(slot: Slot, limits: CallOptions): Promise<ShownMechanism[]> {
  const found: ShownMechanism[] = []
  for (const mechanism of await slot.mechanisms(limits))
    found.push({ mechanism, ...(await aboutMechanism(slot, mechanism, limits)) })
  return found
}

/** Some modules name mechanisms of which they tell nothing more. */
async function aboutMechanism(
  slot: Slot,
  mechanism: ShownMechanism['mechanism'],
  limits: CallOptions,
): Promise<MechanismInfo> {
  try {
    return await slot.mechanism(mechanism as Ulong, limits)
  } catch (error) {
    if (error instanceof Pkcs11Error)
      return { minKeySize: undefined, maxKeySize: undefined, flags: [] }
    throw error
  }
}

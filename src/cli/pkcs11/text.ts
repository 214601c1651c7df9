/** A survey of a module for people. */
import type { Ulong, Version } from '../../pkcs11/index.ts'
import { columns, foreign, paint } from '../output.ts'
import type { ShownMechanism, ShownObject, ShownSlot, Survey } from './survey.ts'

export function describe({ path, module, slots }: Survey): string[] {
  const { manufacturer, description, libraryVersion, cryptokiVersion } = module
  return [
    `${paint('bold', 'Module')}  ${foreign(path)}`,
    `  ${foreign(description)} ${version(libraryVersion)} of ${foreign(manufacturer)}, PKCS #11 ${version(cryptokiVersion)}`,
    ...slots.flatMap(describeSlot),
    ...(slots.length === 0 ? ['', 'It has no slots.'] : []),
  ]
}

const version = ({ major, minor }: Version): string => `${major}.${minor}`

function describeSlot(slot: ShownSlot): string[] {
  const { id, description, token, mechanisms, objects, error, loggedIn } = slot
  const head = ['', `${paint('bold', `Slot ${id}`)}  ${foreign(description)}`]
  const failure = error === null ? [] : [`  ${paint('red', foreign(error))}`]
  if (token === null) return [...head, ...(error === null ? ['  no token'] : failure)]
  const { label, model, manufacturer, serialNumber, flags } = token
  const about = [`${model} of ${manufacturer}`, serialNumber === '' ? '' : `serial ${serialNumber}`]
  const initialized = flags.includes('CKF_TOKEN_INITIALIZED')
  return [
    ...head,
    ...columns([
      ['token', initialized ? paint('green', foreign(label)) : 'not initialized'],
      ['', foreign(about.filter((part) => part !== '').join(', '))],
      ['flags', flags.map((flag) => flag.replace(/^CKF_/, '')).join(' ')],
    ]),
    `  ${paint('bold', 'Mechanisms')}  ${mechanisms.length}`,
    ...columns(mechanisms.map(mechanismRow)).map((line) => `  ${line}`),
    `  ${paint('bold', 'Objects')}  ${objects.length}${loggedIn ? '' : ', without private ones'}`,
    ...columns(objects.map(objectRow)).map((line) => `  ${line}`),
    ...failure,
  ]
}

function mechanismRow({ mechanism, minKeySize, maxKeySize, flags }: ShownMechanism): string[] {
  const sizes = maxKeySize ? `${minKeySize ?? 0} to ${maxKeySize}` : ''
  const can = flags.map((flag) => flag.replace(/^CKF_/, '').toLowerCase())
  return [name(mechanism), sizes, can.join(' ')]
}

const name = (value: string | Ulong): string =>
  typeof value === 'string' ? value : `0x${value.toString(16)}`

function objectRow(object: ShownObject): string[] {
  const { CKA_CLASS, CKA_LABEL, CKA_ID, CKA_KEY_TYPE, CKA_CERTIFICATE_TYPE, CKA_PRIVATE } = object
  const kind = CKA_CLASS === undefined ? 'an object' : words(CKA_CLASS)
  const type = CKA_KEY_TYPE ?? CKA_CERTIFICATE_TYPE
  return [
    kind,
    type === undefined ? '' : name(type).replace(/^CK[KC]_/, ''),
    foreign(short(CKA_LABEL ?? '')),
    CKA_ID === undefined || CKA_ID.length === 0 ? '' : `id ${short(hex(CKA_ID))}`,
    CKA_PRIVATE ? 'private' : '',
  ]
}

/** A cell makes all those of its column as wide: megabytes of one object would be those of ten thousand. */
const MOST_IN_CELL = 200

function short(text: string): string {
  return text.length > MOST_IN_CELL ? `${text.slice(0, MOST_IN_CELL)}…` : text
}

/** As much of it as is shown. */
const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, MOST_IN_CELL)).toString('hex')

/** `CKO_PRIVATE_KEY` is a private key. */
const words = (value: string | Ulong): string =>
  name(value).replace(/^CKO_/, '').replaceAll('_', ' ').toLowerCase()

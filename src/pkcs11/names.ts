/** Between the numbers of PKCS #11 and their names. */
import * as constants from './constants/index.ts'
import type { Ulong } from './words.ts'

type Constants = typeof constants

/** The names of constants that begin with a prefix, such as `CKM_`. */
export type NameOf<Prefix extends string> = Extract<keyof Constants, `${Prefix}_${string}`>

export type Prefix =
  | 'CKA'
  | 'CKC'
  | 'CKD'
  | 'CKF'
  | 'CKG'
  | 'CKH'
  | 'CKK'
  | 'CKM'
  | 'CKO'
  | 'CKP'
  | 'CKR'
  | 'CKS'
  | 'CKU'
  | 'CKZ'

/** Of several names for one number, the last one counts: the others are older. */
const tables = new Map<string, Map<number, string>>()

const all: Readonly<Record<string, number>> = constants

function tableOf(prefix: Prefix): Map<number, string> {
  let table = tables.get(prefix)
  if (table === undefined) {
    table = new Map()
    for (const name of Object.keys(all)) {
      const number = all[name] as number
      if (name.startsWith(`${prefix}_`) && isKind(prefix, name)) table.set(number, name)
    }
    tables.set(prefix, table)
  }
  return table
}

/** Where one prefix stands for several kinds of numbers. */
function isKind(prefix: Prefix, name: string): boolean {
  return !(prefix === 'CKP' && name.startsWith('CKP_PKCS5_'))
}

/** The name of a number, or `undefined` for one that the standard doesn't name. */
export function knownName(prefix: Prefix, number: number): string | undefined {
  return tableOf(prefix).get(number)
}

/** The name of a number; of one that the standard doesn't name, the prefix and the number. */
export function nameOf(prefix: Prefix, number: Ulong): string {
  return knownName(prefix, Number(number)) ?? `${prefix}_0x${number.toString(16).toUpperCase()}`
}

/** The number that a name stands for, or `undefined`. */
export function numberOf(prefix: Prefix, name: string): number | undefined {
  return name.startsWith(`${prefix}_`) && Object.hasOwn(all, name) ? all[name] : undefined
}

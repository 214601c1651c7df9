/** CK_ULONG: 64 bits, little-endian. A number where that is exact, else a bigint. */
export type Ulong = number | bigint

const TWO_32 = 2 ** 32
const MOST_HIGH = 2 ** 21

/** CK_UNAVAILABLE_INFORMATION, which a count or a length may be. */
export const UNAVAILABLE = 2n ** 64n - 1n

export function readUlong(view: DataView, at: number): Ulong {
  const high = view.getUint32(at + 4, true)
  if (high < MOST_HIGH) return high * TWO_32 + view.getUint32(at, true)
  return view.getBigUint64(at, true)
}

export function writeUlong(view: DataView, at: number, value: Ulong): void {
  if (typeof value === 'bigint') {
    view.setBigUint64(at, value, true)
  } else {
    view.setUint32(at, value % TWO_32, true)
    view.setUint32(at + 4, Math.floor(value / TWO_32), true)
  }
}

/** What a function returned. */
export function exactly(returned: unknown): Ulong {
  const number = Number(returned)
  return Number.isSafeInteger(number) ? number : (returned as bigint)
}

/** Whether a value is a CK_ULONG. */
export function isUlong(value: unknown): value is Ulong {
  if (typeof value === 'bigint') return value >= 0n && value <= UNAVAILABLE
  return Number.isSafeInteger(value) && (value as number) >= 0
}

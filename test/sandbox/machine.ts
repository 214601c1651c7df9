/** Runs a filter as the kernel does: classic BPF over the data of one system call. */
import type { Program } from '../../src/sandbox/bpf.ts'
import { compileFilter } from '../../src/sandbox/filter.ts'
import type { Grants } from '../../src/sandbox/rules.ts'
import { systemCalls } from '../../src/sandbox/syscalls.ts'

export const calls = systemCalls()

const NOTHING: Grants = {
  files: false,
  write: false,
  net: false,
  ipc: false,
  run: false,
  listener: true,
}

/** What the host would put into the filter. */
export const SELF = 4711
export const CONSTANTS = { from: 0x7f00_1234_5000n, to: 0x7f00_1235_5000n }
export const LOADER = { from: 0x7fff_ffff_0000n, to: 0x8000_0000_1000n }

const low = (value: bigint): number => Number(value & 0xffff_ffffn)
const high = (value: bigint): number => Number(value >> 32n)
const PATCHES = [
  SELF,
  ...[CONSTANTS.from, CONSTANTS.to, LOADER.from, LOADER.to].flatMap((value) => [
    low(value),
    high(value),
  ]),
]

const VERDICTS = new Map([
  [0x8000_0000, 'kill'],
  [0x7fc0_0000, 'ask'],
  [0x7fff_0000, 'allow'],
])

/** Runs a program over the data of a call. */
export class Machine {
  readonly #data: DataView
  readonly length: number

  constructor({ bytes, instructions, patches }: Program) {
    const patched = bytes.slice()
    this.#data = new DataView(patched.buffer)
    for (const [index, patch] of patches)
      this.#data.setUint32(index * 8 + 4, PATCHES[patch] ?? 0, true)
    this.length = instructions
  }

  run(number: number, architecture: number, args: readonly (number | bigint)[]): string {
    const input = new DataView(new ArrayBuffer(64))
    input.setUint32(0, number, true)
    input.setUint32(4, architecture, true)
    for (const [index, arg] of args.entries())
      input.setBigUint64(16 + index * 8, BigInt.asUintN(64, BigInt(arg)), true)
    const scratch: number[] = []
    let a = 0
    let x = 0
    for (let at = 0; ; at++) {
      const code = this.#data.getUint16(at * 8, true)
      const jt = this.#data.getUint8(at * 8 + 2)
      const jf = this.#data.getUint8(at * 8 + 3)
      const k = this.#data.getUint32(at * 8 + 4, true)
      const branch = (taken: boolean): void => {
        at += taken ? jt : jf
      }
      switch (code) {
        case 0x20:
          a = input.getUint32(k, true)
          break
        case 0x00:
          a = k
          break
        case 0x60:
          a = scratch[k] ?? 0
          break
        case 0x02:
          scratch[k] = a
          break
        case 0x07:
          x = a
          break
        case 0x54:
          a = (a & k) >>> 0
          break
        case 0x0c:
          a = (a + x) >>> 0
          break
        case 0x05:
          at += k
          break
        case 0x15:
          branch(a === k)
          break
        case 0x25:
          branch(a > k)
          break
        case 0x35:
          branch(a >= k)
          break
        case 0x45:
          branch((a & k) !== 0)
          break
        case 0x3d:
          branch(a >= x)
          break
        case 0x06:
          return VERDICTS.get(k) ?? `errno ${k & 0xffff}`
        default:
          throw new Error(`instruction ${at}: code ${code}`)
      }
    }
  }
}

export class Filter extends Machine {
  constructor(grants: Partial<Grants> = {}) {
    super(compileFilter(calls, { ...NOTHING, ...grants }))
  }

  /** The verdict on a call: `allow`, `ask`, `kill`, or `errno N`. */
  judge(name: string | number, ...args: (number | bigint)[]): string {
    const number = typeof name === 'number' ? name : calls.numberOf.get(name)
    if (number === undefined) throw new Error(`there is no call ${name}`)
    return this.run(number, calls.architecture, args)
  }
}

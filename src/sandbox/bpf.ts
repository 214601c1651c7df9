/** Writes classic BPF as seccomp takes it: https://docs.kernel.org/userspace-api/seccomp_filter.html */

const LOAD_WORD = 0x20
const LOAD_NUMBER = 0x00
const LOAD_SCRATCH = 0x60
const STORE_SCRATCH = 0x02
const MOVE_TO_X = 0x07
const LOAD_X_SCRATCH = 0x61
const JUMP = 0x05
const RETURN = 0x06
const ALU_AND = 0x54
const ALU_ADD_X = 0x0c
const OPERATORS = {
  equals: 0x15,
  above: 0x25,
  atLeast: 0x35,
  hasAny: 0x45,
  equalsX: 0x1d,
  aboveX: 0x2d,
  atLeastX: 0x3d,
} as const
const INSTRUCTION_BYTES = 8
const MOST_INSTRUCTIONS = 4096

/** Where things stand in the data that a filter sees. */
export const DATA = { NUMBER: 0, ARCHITECTURE: 4, ARGUMENTS: 16 } as const

export type Operator = keyof typeof OPERATORS

/** A constant, or one of `PATCH` that the host puts in. */
export type Constant = number | { readonly patch: number }

interface Instruction {
  readonly code: number
  readonly k: Constant
  /** Of a jump: where to, if it is true. */
  readonly target?: string
}

/** A program whose jumps go forward to labels. */
export class Assembler {
  readonly #instructions: Instruction[] = []
  readonly #labels = new Map<string, number>()

  /** The next instruction is known by this name. */
  label(name: string): void {
    if (this.#labels.has(name)) throw new Error(`the label ${name} is there twice`)
    this.#labels.set(name, this.#instructions.length)
  }

  hasLabel(name: string): boolean {
    return this.#labels.has(name)
  }

  load(offset: number): void {
    this.#add(LOAD_WORD, offset)
  }

  /** One half of an argument. */
  loadArgument(index: number, half: 'low' | 'high' = 'low'): void {
    this.load(DATA.ARGUMENTS + index * 8 + (half === 'high' ? 4 : 0))
  }

  constant(k: Constant): void {
    this.#add(LOAD_NUMBER, k)
  }

  loadScratch(slot: number): void {
    this.#add(LOAD_SCRATCH, slot)
  }

  storeScratch(slot: number): void {
    this.#add(STORE_SCRATCH, slot)
  }

  /** Copies the accumulator to the index register. */
  moveToX(): void {
    this.#add(MOVE_TO_X, 0)
  }

  loadXScratch(slot: number): void {
    this.#add(LOAD_X_SCRATCH, slot)
  }

  and(mask: number): void {
    this.#add(ALU_AND, mask)
  }

  addX(): void {
    this.#add(ALU_ADD_X, 0)
  }

  /** To the label if the accumulator compares so, else on. Those that end in X compare with the index register. */
  jumpIf(operator: Operator, k: Constant, target: string): void {
    this.#instructions.push({ code: OPERATORS[operator], k, target })
    // A conditional jump reaches 255 instructions far, this one all: it stands behind each.
    this.#instructions.push({ code: JUMP, k: 0, target })
  }

  jump(target: string): void {
    this.#instructions.push({ code: JUMP, k: 0, target })
  }

  return(k: number): void {
    this.#add(RETURN, k)
  }

  /** The program's bytes, and which constants the host fills in. */
  assemble(): Program {
    const count = this.#instructions.length
    if (count > MOST_INSTRUCTIONS) throw new Error(`a filter of ${count} instructions is too long`)
    const bytes = new Uint8Array(count * INSTRUCTION_BYTES)
    const data = new DataView(bytes.buffer)
    const patches: [number, number][] = []
    this.#instructions.forEach(({ code, k, target }, index) => {
      const at = index * INSTRUCTION_BYTES
      data.setUint16(at, code, true)
      let value = typeof k === 'number' ? k : 0
      if (typeof k !== 'number') patches.push([index, k.patch])
      if (target !== undefined && code !== JUMP) data.setUint8(at + 3, 1) // false: over the jump behind
      if (code === JUMP) value = this.#distance(index, target)
      data.setUint32(at + 4, value >>> 0, true)
    })
    return { bytes, instructions: count, patches }
  }

  #distance(from: number, target: string | undefined): number {
    const to = this.#labels.get(target ?? '')
    if (to === undefined || to <= from) throw new Error(`there is no label ${target} ahead`)
    return to - from - 1
  }

  #add(code: number, k: Constant): void {
    this.#instructions.push({ code, k })
  }
}

export interface Program {
  readonly bytes: Uint8Array
  readonly instructions: number
  /** Pairs: instruction, number in `PATCH`. */
  readonly patches: readonly (readonly [number, number])[]
}

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
const NEAR = 255

/** Where things stand in the data that a filter sees. */
export const DATA = { NUMBER: 0, ARCHITECTURE: 4, ARGUMENTS: 16 } as const

export type Operator = keyof typeof OPERATORS

/** A constant, or one of `PATCH` that the host puts in. */
export type Constant = number | { readonly patch: number }

interface Instruction {
  readonly code: number
  readonly k: Constant
  /** Of a jump: where to, if it is true. */
  target?: string
  /** Where to, if it is not; else on. */
  otherwise?: string
}

/** As the kernel takes it; `yes` and `no` are how far a conditional jump goes. */
interface Word {
  readonly code: number
  readonly k: Constant
  readonly yes: number
  readonly no: number
}

const CONDITIONS: ReadonlySet<number> = new Set(Object.values(OPERATORS))
const isCondition = ({ code }: Instruction): boolean => CONDITIONS.has(code)

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
  }

  jump(target: string): void {
    const last = this.#instructions.at(-1)
    if (
      last === undefined ||
      !isCondition(last) ||
      last.otherwise !== undefined ||
      this.#labelled()
    )
      this.#instructions.push({ code: JUMP, k: 0, target })
    else last.otherwise = target // one that compares can jump either way
  }

  return(k: number): void {
    this.#add(RETURN, k)
  }

  /** The program's bytes, and which constants the host fills in. */
  assemble(): Program {
    const words = this.#words()
    const count = words.length
    if (count > MOST_INSTRUCTIONS) throw new Error(`a filter of ${count} instructions is too long`)
    const bytes = new Uint8Array(count * INSTRUCTION_BYTES)
    const data = new DataView(bytes.buffer)
    const patches: [number, number][] = []
    words.forEach(({ code, k, yes, no }, index) => {
      const at = index * INSTRUCTION_BYTES
      if (typeof k !== 'number') patches.push([index, k.patch])
      data.setUint16(at, code, true)
      data.setUint8(at + 2, yes)
      data.setUint8(at + 3, no)
      data.setUint32(at + 4, (typeof k === 'number' ? k : 0) >>> 0, true)
    })
    return { bytes, instructions: count, patches }
  }

  /** A conditional jump reaches 255 instructions far. Where that is not enough, one that reaches all stands behind it. */
  #words(): Word[] {
    const far = this.#instructions.map(() => [false, false] as [boolean, boolean])
    for (;;) {
      const starts: number[] = []
      let count = 0
      for (const [yes, no] of far) {
        starts.push(count)
        count += 1 + Number(yes) + Number(no)
      }
      let changed = false
      const words = this.#instructions.flatMap((instruction, index) => {
        const start = starts[index] ?? 0
        const reach = (from: number, label: string): number =>
          (starts[this.#position(index, label)] ?? count) - from - 1
        const { code, k, target, otherwise } = instruction
        if (!isCondition(instruction)) {
          const distance = target === undefined ? k : reach(start, target)
          return [{ code, k: distance, yes: 0, no: 0 }]
        }
        const [farYes, farNo] = far[index] ?? [false, false]
        const behind: Word[] = []
        const side = (isFar: boolean, label: string | undefined): number => {
          if (label === undefined) return -1
          if (!isFar) return reach(start, label)
          behind.push({ code: JUMP, k: reach(start + 1 + behind.length, label), yes: 0, no: 0 })
          return behind.length - 1
        }
        const ways = [side(farYes, target), side(farNo, otherwise)]
        const [yes = 0, no = 0] = ways.map((way) => (way < 0 ? behind.length : way))
        if (yes > NEAR || no > NEAR) {
          far[index] = [farYes || yes > NEAR, farNo || no > NEAR]
          changed = true
        }
        return [{ code, k, yes, no }, ...behind]
      })
      if (!changed) return words
    }
  }

  /** Of a label ahead, among the instructions. */
  #position(from: number, label: string): number {
    const to = this.#labels.get(label)
    if (to === undefined || to <= from) throw new Error(`there is no label ${label} ahead`)
    return to
  }

  /** Somebody may come here without coming through what stands before. */
  #labelled(): boolean {
    return [...this.#labels.values()].includes(this.#instructions.length)
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

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

/** Where a program's jumps go, by instruction: to which instruction. */
interface Jumps {
  readonly yes: Int32Array
  readonly no: Int32Array
}

/** There is no such jump: the program goes on. */
const ON = -1

/** Which of an instruction's jumps go too far for it, as bits. */
const FAR_YES = 1
const FAR_NO = 2
/** How many instructions it then becomes. */
const WORDS = [1, 2, 2, 3]

interface Placed {
  readonly far: Uint8Array
  /** The first of what an instruction became. */
  readonly starts: Uint16Array
  readonly count: number
}

const CONDITIONS: ReadonlySet<number> = new Set(Object.values(OPERATORS))
const isCondition = ({ code }: Instruction): boolean => CONDITIONS.has(code)

/** A program whose jumps go forward to labels. */
export class Assembler {
  readonly #instructions: Instruction[] = []
  readonly #labels = new Map<string, number>()
  /** What was labelled last. */
  #labelled = -1

  /** The next instruction is known by this name. */
  label(name: string): void {
    if (this.#labels.has(name)) throw new Error(`the label ${name} is there twice`)
    this.#labelled = this.#instructions.length
    this.#labels.set(name, this.#labelled)
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
    // Somebody may come to a label without coming through what stands before.
    const isLabelled = this.#labelled === this.#instructions.length
    if (last === undefined || !isCondition(last) || last.otherwise !== undefined || isLabelled)
      this.#instructions.push({ code: JUMP, k: 0, target })
    else last.otherwise = target // one that compares can jump either way
  }

  return(k: number): void {
    this.#add(RETURN, k)
  }

  /** The program's bytes, and which constants the host fills in. */
  assemble(): Program {
    const jumps = this.#jumps()
    const { far, starts, count } = this.#placed(jumps)
    if (count > MOST_INSTRUCTIONS) throw new Error(`a filter of ${count} instructions is too long`)
    const bytes = new Uint8Array(count * INSTRUCTION_BYTES)
    const data = new DataView(bytes.buffer)
    const patches: [number, number][] = []
    const write = (at: number, code: number, k: number, yes: number, no: number): void => {
      data.setUint16(at * INSTRUCTION_BYTES, code, true)
      data.setUint8(at * INSTRUCTION_BYTES + 2, yes)
      data.setUint8(at * INSTRUCTION_BYTES + 3, no)
      data.setUint32(at * INSTRUCTION_BYTES + 4, k >>> 0, true)
    }
    this.#instructions.forEach((instruction, index) => {
      const start = starts[index] as number
      const yes = jumps.yes[index] as number
      const no = jumps.no[index] as number
      const { code, k } = instruction
      const constant = typeof k === 'number' ? k : 0
      if (typeof k !== 'number') patches.push([start, k.patch])
      const distance = (from: number, to: number): number => (starts[to] as number) - from - 1
      if (!isCondition(instruction)) {
        write(start, code, yes === ON ? constant : distance(start, yes), 0, 0)
        return
      }
      const farYes = (far[index] as number) & FAR_YES
      const farNo = (far[index] as number) & FAR_NO
      let behind = start + 1
      const side = (isFar: number, to: number): number => {
        if (!isFar) return to === ON ? ON : distance(start, to)
        write(behind, JUMP, distance(behind, to), 0, 0)
        return behind++ - start - 1
      }
      const ways = [side(farYes, yes), side(farNo, no)] as const
      const on = behind - start - 1
      write(start, code, constant, ways[0] === ON ? on : ways[0], ways[1] === ON ? on : ways[1])
    })
    return { bytes, instructions: count, patches }
  }

  /** A conditional jump reaches 255 instructions far. Where that is not enough, one that reaches all stands behind it. */
  #placed({ yes, no }: Jumps): Placed {
    const all = this.#instructions
    const far = new Uint8Array(all.length)
    const starts = new Uint16Array(all.length)
    for (;;) {
      let count = 0
      for (let index = 0; index < all.length; index++) {
        starts[index] = count
        count += WORDS[far[index] as number] as number
      }
      const isFar = (index: number, to: number): boolean =>
        to !== ON && (starts[to] as number) - (starts[index] as number) - 1 > NEAR
      let changed = false
      for (let index = 0; index < all.length; index++) {
        if (!isCondition(all[index] as Instruction)) continue
        const before = far[index] as number
        if (isFar(index, yes[index] as number)) far[index] = before | FAR_YES
        if (isFar(index, no[index] as number)) far[index] = (far[index] as number) | FAR_NO
        changed ||= far[index] !== before
      }
      if (!changed) return { far, starts, count }
    }
  }

  #jumps(): Jumps {
    const yes = new Int32Array(this.#instructions.length).fill(ON)
    const no = yes.slice()
    this.#instructions.forEach(({ target, otherwise }, index) => {
      if (target !== undefined) yes[index] = this.#position(index, target)
      if (otherwise !== undefined) no[index] = this.#position(index, otherwise)
    })
    return { yes, no }
  }

  /** Of a label ahead, among the instructions. */
  #position(from: number, label: string): number {
    const to = this.#labels.get(label)
    if (to === undefined || to <= from) throw new Error(`there is no label ${label} ahead`)
    return to
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

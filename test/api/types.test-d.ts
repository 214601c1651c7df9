import { describe, expectTypeOf, it } from 'vitest'
import type { FatThread, Library, Pointer } from '../../src/index.ts'
import { array, pointer, struct, type Type, union } from '../../src/index.ts'

type Reads<T> = T extends Type<infer Value> ? Value : never

describe('builders', () => {
  it('know what reading gives', () => {
    const point = struct({ x: 'double', y: 'double' })
    expectTypeOf<Reads<typeof point>>().toEqualTypeOf<{ x: number; y: number }>()
    const person = struct('person', {
      name: 'const char *',
      code: 'char[4]',
      id: 'uint64_t',
      born: struct({ year: 'int', leap: 'bool' }),
      path: array(point, 4),
      raw: 'uint8_t[16]',
      next: 'void *',
    })
    expectTypeOf<Reads<typeof person>>().toEqualTypeOf<{
      name: string | null
      code: string
      id: bigint
      born: { year: number; leap: boolean }
      path: { x: number; y: number }[]
      raw: Uint8Array
      next: Pointer | null
    }>()
  })

  it('of unions, arrays and pointers too', () => {
    const word = union({ number: 'int32_t', real: 'float' })
    expectTypeOf<Reads<typeof word>>().toEqualTypeOf<{ number: number; real: number }>()
    const numbers = array('double', 4)
    expectTypeOf<Reads<typeof numbers>>().toEqualTypeOf<Float64Array>()
    const name = array('char', 4)
    expectTypeOf<Reads<typeof name>>().toEqualTypeOf<string>()
    const grid = array(numbers, 2)
    expectTypeOf<Reads<typeof grid>>().toEqualTypeOf<Float64Array[]>()
    const text = pointer('const char')
    expectTypeOf<Reads<typeof text>>().toEqualTypeOf<string | null>()
    const words = pointer(word)
    expectTypeOf<Reads<typeof words>>().toEqualTypeOf<Pointer | null>()
  })

  it('refuse texts that do not parse', () => {
    // @ts-expect-error unknown type
    struct({ x: 'dubble' })
    // @ts-expect-error unknown type
    array('dubble', 2)
    // @ts-expect-error unknown type
    pointer('dubble')
    // @ts-expect-error no C type
    struct({ x: 5 })
  })
})

describe('read', () => {
  it('gives what the type says', () => {
    const thread = null as unknown as FatThread
    const at = null as unknown as Pointer
    const point = struct({ x: 'double', y: 'double' })
    expectTypeOf(thread.readSync(at, point)).toEqualTypeOf<{ x: number; y: number }>()
    expectTypeOf(thread.read(at, 'int32_t[4]')).toEqualTypeOf<Promise<Int32Array>>()
    expectTypeOf(thread.readSync(at, 'const char *')).toEqualTypeOf<string | null>()
    expectTypeOf(thread.readSync(at, 'char[8]')).toEqualTypeOf<string>()
    expectTypeOf(thread.readSync(at, 'uint64_t')).toEqualTypeOf<bigint>()
  })
})

describe('a series', () => {
  it('knows what its steps give, and takes them where that fits', () => {
    const { symbols: c, thread } = null as unknown as Library<{
      make: 'struct thing *make(int size)'
      size: 'int size(struct thing *of, _Out_ int32_t *left)'
      name: 'const char *name(struct thing *of)'
      half: 'double half(double value)'
    }>
    const series = thread.series()
    const made = series.call(c.make, 5)
    expectTypeOf(made.value).toEqualTypeOf<Pointer | null>()
    const sized = series.call(c.size, made)
    expectTypeOf(sized.value).toEqualTypeOf<{ result: number; left: number }>()
    series.call(c.make, sized.part('left'))
    expectTypeOf(series.call(c.name, made).value).toEqualTypeOf<string | null>()
    expectTypeOf(series.call(c.half.with({ errno: true }), 1).value).toEqualTypeOf<{
      result: number
      errno: number
    }>()
    // @ts-expect-error a pointer is no number
    series.call(c.half, made)
    // @ts-expect-error no such result
    sized.part('right')
    // @ts-expect-error an argument is missing
    series.call(c.half)
  })
})

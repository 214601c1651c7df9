import { describe, expectTypeOf, it } from 'vitest'
import koffi, {
  type IsolationOptions,
  type KoffiFunc,
  type KoffiFunction,
  load,
  type TypeObject,
  type TypeSpec,
} from '../../src/koffi/index.ts'

describe('the types are koffi’s', () => {
  it('of libraries and functions', () => {
    const library = load('libc.so.6', { lazy: true })
    expectTypeOf(library.func('int abs(int)')).toEqualTypeOf<KoffiFunction>()
    expectTypeOf(library.func('abs', 'int', ['int'])).toEqualTypeOf<KoffiFunction>()
    expectTypeOf(library.func('__cdecl', 'abs', koffi.types.int, [])).toEqualTypeOf<KoffiFunction>()
    const abs = library.func('int abs(int)') as KoffiFunc<(x: number) => number>
    expectTypeOf(abs(1)).toEqualTypeOf<number>()
    abs.async(1, (_error, result) => expectTypeOf(result).toEqualTypeOf<number>())
    expectTypeOf(library.unload()).toEqualTypeOf<void>()
    // @ts-expect-error a function has a name or a prototype
    library.func()
  })

  it('of types', () => {
    const point = koffi.struct('point', { x: 'double', y: [8, 'double'] })
    expectTypeOf(point).toEqualTypeOf<TypeObject>()
    expectTypeOf(point.size).toEqualTypeOf<number>()
    expectTypeOf(koffi.out(koffi.pointer(point))).toExtend<TypeSpec>()
    expectTypeOf(koffi.sizeof(point)).toEqualTypeOf<number>()
    expectTypeOf(koffi.register(() => 0, koffi.pointer('int'))).toEqualTypeOf<bigint>()
    expectTypeOf(koffi.address(null)).toEqualTypeOf<bigint>()
    koffi.array('int', 'count', 8, 'Array')
    new koffi.Union('point')['anything'] = 5
    // @ts-expect-error no type
    koffi.struct('wrong', { x: 5 })
    // @ts-expect-error no hint
    koffi.array('int', 2, 'Other')
  })

  it('and one of its own', () => {
    expectTypeOf(koffi.isolate).parameter(0).toEqualTypeOf<IsolationOptions>()
    koffi.isolate({ permissions: { read: ['/usr/share'] }, timeout: 100 })
  })
})

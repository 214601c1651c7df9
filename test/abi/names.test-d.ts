import { describe, expectTypeOf, it } from 'vitest'
import { type TypeName, type Types, types } from '../../src/abi/names.ts'
import type { CType } from '../../src/abi/types.ts'

describe('Types', () => {
  it('knows each type to the bit', () => {
    expectTypeOf<Types['size_t']>().toEqualTypeOf<{
      readonly kind: 'integer'
      readonly name: 'size_t'
      readonly size: 8
      readonly signed: false
    }>()
    expectTypeOf<Types['signed short int']>().toEqualTypeOf<Types['short']>()
    expectTypeOf<Types['float64']['name']>().toEqualTypeOf<'double'>()
    expectTypeOf(types.void.kind).toEqualTypeOf<'void'>()
  })

  it('holds nothing but C types, under literal names', () => {
    expectTypeOf<Types[TypeName]>().toExtend<CType>()
    expectTypeOf<string>().not.toExtend<TypeName>()
    expectTypeOf<'uLong'>().not.toExtend<TypeName>()
  })
})

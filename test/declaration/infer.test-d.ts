import { expectTypeOf, test } from 'vitest'
import type { Checked } from '../../src/declaration/infer.ts'
import type { malformed } from '../fixtures/declarations/malformed.ts'
type Malformed = typeof malformed
type Different = {
  [Name in keyof Malformed]: Checked<Malformed[Name]['text']> extends Malformed[Name]['message'] ? Malformed[Name]['message'] extends Checked<Malformed[Name]['text']> ? never : Name : Name
}[keyof Malformed]
test('x', () => { expectTypeOf<Different>().toBeNever() })

import type { Arguments, Checked, Result, CheckedAll } from '../../src/declaration/infer.ts'
import type { ParsePrototype } from '../../src/declaration/parse.ts'
declare function func<const T extends string>(prototype: Checked<T>): (...a: Arguments<T>) => Result<T>
const a: 1 = func('unsigned long crc32(unsigned long crc, const uint8_t *buf, unsigned int len)')
const b: 1 = func('const char *zlibVersion(void)')
func('int f(itn x)')
func('int f(int x,\n\tint x)')
func('int f(int x, foo y)')
func('int /* c */ f(int x # foo y)')
const s: string = 'a'
const c: 1 = func(s)
const d: 1 = {} as ParsePrototype<'char const *const f(int long unsigned x, struct stat const *buf, int v[4]);'>
declare function open<const D extends Record<string, string>>(d: CheckedAll<D>): D
const e: 1 = open({ a: 'int f(int x)', b: 'void g(void)' })
open({ a: 'int f(int x)', b: 'void g(viod)' })

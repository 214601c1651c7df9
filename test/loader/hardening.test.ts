import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readElf } from '../../src/loader/elf.ts'
import { readElfFile } from '../../src/loader/elf-file.ts'
import { type Hardening, hardeningOf } from '../../src/loader/hardening.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { patchProgramHeader } from '../fixtures/elf/patch.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

let number = 0
/** The facts of `hardened.c` compiled with these flags. */
function built(...flags: string[]): Hardening {
  number += 1
  return hardeningOf(readElfFile(compile('hardened.c', join(folder, `${number}.so`), { flags })))
}

describe('RELRO', () => {
  test.each([
    ['none', ['-Wl,-z,norelro', '-Wl,-z,lazy']],
    ['none', ['-Wl,-z,norelro', '-Wl,-z,now']],
    ['partial', ['-Wl,-z,relro', '-Wl,-z,lazy']],
    ['full', ['-Wl,-z,relro', '-Wl,-z,now']],
  ] as const)('%s: %j', (relro, flags) => {
    expect(built(...flags)).toMatchObject({ relro, bindNow: flags[1] === '-Wl,-z,now' })
  })
})

test('the stack', () => {
  expect(built('-Wl,-z,noexecstack').nonExecutableStack).toBe(true)
  expect(built('-Wl,-z,execstack').nonExecutableStack).toBe(false)
})

test('a segment that is writable and executable', () => {
  const path = compile('leaf.c', join(folder, 'leaf.so'))
  const bytes = readFileSync(path)
  const [PT_LOAD, everything] = [1, 7]
  const changed = patchProgramHeader(bytes, PT_LOAD, -1, { flags: everything })
  expect(hardeningOf(readElf(bytes, path)).writeXorExecute).toBe(true)
  expect(hardeningOf(readElf(changed, path)).writeXorExecute).toBe(false)
})

test('what the compiler adds', () => {
  expect(built('-fstack-protector-all').stackCanary).toBe(true)
  expect(built('-fno-stack-protector').stackCanary).toBe(false)
  expect(built('-O2', '-D_FORTIFY_SOURCE=2').fortified).toEqual(['__strcpy_chk'])
  expect(built('-U_FORTIFY_SOURCE').fortified).toEqual([])
})

test('search paths and the build id', () => {
  const id = '0123456789abcdef0123456789abcdef01234567'
  const facts = built(`-Wl,--build-id=0x${id}`, '-Wl,--enable-new-dtags,-rpath,/a:/b')
  expect(facts).toMatchObject({ buildId: id, runpath: ['/a', '/b'], rpath: undefined })
  expect(built('-Wl,--build-id=none').buildId).toBeUndefined()
  expect(built().textRelocations).toBe(false)
})

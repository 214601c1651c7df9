/**
 * Several copies of the package's modules in one program, with one addon: so it is where a test runner loads modules
 * anew for each of its files.
 */
import { afterEach, expect, test, vi } from 'vitest'
import { runProgram } from '../support/run-program.ts'

const DECLARATIONS = {
  abs: 'int abs(int n)',
  abort: 'void abort(void)',
  usleep: 'int usleep(unsigned microseconds)',
} as const

type Copy = typeof import('../../src/index.ts')

async function copies(count: number): Promise<Copy[]> {
  const made: Copy[] = []
  for (let i = 0; i < count; i++) {
    vi.resetModules()
    made.push(await import('../../src/index.ts'))
  }
  return made
}
afterEach(() => vi.resetModules())

// To load all modules three times takes long where others compute.
test('each calls', { timeout: 60_000 }, async () => {
  const [first, second, third] = (await copies(3)) as [Copy, Copy, Copy]
  expect(first.open).not.toBe(second.open)
  for (const { open } of [first, second, third, first]) {
    const { symbols, close } = await open('libc.so.6', DECLARATIONS).then((library) => ({
      symbols: library.symbols,
      close: () => library.close(),
    }))
    expect(symbols.abs.sync(-1)).toBe(1)
    expect(await symbols.abs(-2)).toBe(2)
    await close()
  }
})

test('at the same time, and each hears of its own', { timeout: 60_000 }, async () => {
  const made = await copies(3)
  const libraries = await Promise.all(made.map(({ open }) => open('libc.so.6', DECLARATIONS)))
  expect(new Set(libraries.map(({ thread }) => thread.pid)).size).toBe(3)
  const slow = libraries.map(({ symbols }) => symbols.usleep(50_000))
  expect(await Promise.all(slow)).toEqual([0, 0, 0])
  for (const [index, { symbols }] of libraries.entries()) {
    const { CrashError } = made[index] as Copy
    await expect(symbols.abort()).rejects.toBeInstanceOf(CrashError)
    expect(await symbols.abs(-3)).toBe(3)
  }
  await Promise.all(libraries.map((library) => library.close()))
})

test('the program waits for what is in flight of one when another has nothing to do', async () => {
  const { code, stdout, stderr } = await runProgram('has-copies.mjs')
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0\n', stderr: '' })
})

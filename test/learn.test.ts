import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LoadError, learn, open } from '../src/index.ts'
import { run, runJson } from './cli/run.ts'
import { fixture } from './fixtures/build.ts'
import { Scratch } from './support/scratch.ts'

const DECLARATIONS = {
  reads: 'const char *reads(const char *path)',
  writes: 'int writes(const char *path, const char *text)',
  connects: 'int connects(int port)',
  runs: 'int runs(const char *command)',
} as const

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())
beforeAll(() => {
  scratch.write('needed', 'needed')
  scratch.write('other', 'other')
})

const library = fixture('does-what-is-permitted')
const must = (condition: boolean): void => {
  if (!condition) throw new Error('not done')
}

describe('learn', () => {
  test('what needs nothing gets nothing', async () => {
    const learnt = await learn(library, {}, () => undefined)
    expect(learnt).toEqual({
      permissions: {},
      denied: [],
      rounds: 1,
      result: undefined,
      error: undefined,
    })
  })

  test('the files that it needs, and not those that it only tries', async () => {
    const needed = scratch.path('needed')
    const { permissions, denied, error } = await learn(library, DECLARATIONS, async (opened) => {
      await opened.symbols.reads(scratch.path('other'))
      must((await opened.symbols.reads(needed)) === 'needed')
    })
    expect(error).toBeUndefined()
    expect(permissions).toEqual({ read: [needed] })
    expect(denied).toMatchObject([{ syscall: 'openat', path: scratch.path('other') }])
    await using opened = await open(library, DECLARATIONS, { permissions })
    expect(await opened.symbols.reads(needed)).toBe('needed')
  })

  test('what it returns without them: -1 and null are no success', async () => {
    const needed = scratch.path('needed')
    const writes = await learn(library, DECLARATIONS, ({ symbols }) =>
      symbols.writes(needed, 'more'),
    )
    expect(writes).toMatchObject({ permissions: { write: [needed] }, result: 4, error: undefined })
    const reads = await learn(library, DECLARATIONS, ({ symbols }) => symbols.reads(needed))
    expect(reads).toMatchObject({ permissions: { read: [needed] }, error: undefined })
    expect(reads.result).toMatch(/^needed/)
    // What it only tries, it can do without.
    const tries = await learn(library, DECLARATIONS, async ({ symbols }) => {
      await symbols.reads(scratch.path('other'))
      return symbols.writes(needed, 'more')
    })
    expect(tries.permissions).toEqual({ write: [needed] })
  })

  test('what is different each time counts by its kind', async () => {
    const needed = scratch.path('needed')
    let run = 0
    const learnt = await learn(library, DECLARATIONS, async ({ symbols, thread }) => {
      run++
      const done = await symbols.writes(needed, 'x'.repeat(run))
      return { done, at: done > 0 ? thread.alloc(8).pointer : null, run }
    })
    expect(learnt.permissions).toEqual({ write: [needed] })
  })

  test('a library that needs something to be loaded at all', async () => {
    const file = scratch.path('needed')
    const needy = scratch.compile(
      'needy.so',
      `#include <fcntl.h>
      #include <stdlib.h>
      __attribute__((constructor)) static void begin(void) {
        if (open(${JSON.stringify(file)}, O_RDONLY) < 0) abort();
      }`,
    )
    const learnt = await learn(needy, {}, () => 1, { stderr: 'ignore' })
    expect(learnt).toMatchObject({ permissions: { read: [file] }, result: 1, error: undefined })
  })

  test('what permissions have nothing to do with is thrown', async () => {
    await expect(learn('libnowhere.so', {}, () => 1)).rejects.toThrow(LoadError)
    await expect(learn(library, {}, () => 1, { sanbox: 1 } as never)).rejects.toThrow(TypeError)
  })

  test('a new file: its folder', async () => {
    const { permissions } = await learn(library, DECLARATIONS, async (opened) => {
      must((await opened.symbols.writes(scratch.path('made'), 'x')) === 1)
    })
    expect(permissions).toEqual({ write: [scratch.folder] })
    expect(readFileSync(scratch.path('made'), 'utf8')).toMatch(/^x+$/)
  })

  test('the network', async () => {
    const server = createServer((socket) => socket.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const { permissions } = await learn(library, DECLARATIONS, async (opened) => {
      must((await opened.symbols.connects(port)) === 5)
    })
    expect(permissions).toEqual({ net: true })
    server.close()
  })

  test('what can not be had: the error, and what was denied', async () => {
    const { permissions, denied, error } = await learn(library, DECLARATIONS, async (opened) => {
      must((await opened.symbols.reads('/nowhere/at/all')) !== null)
    })
    expect(error).toMatchObject({ message: 'not done' })
    expect(permissions).toEqual({})
    expect(denied).toMatchObject([{ path: '/nowhere/at/all' }])
  })

  test('it never proposes half the machine', async () => {
    const { permissions } = await learn(library, DECLARATIONS, async (opened) => {
      for (const path of ['/', '/etc', '/proc', '/proc/1/environ', '/usr', '/root'])
        await opened.symbols.reads(path)
      must(false)
    })
    expect(permissions).toEqual({})
  })

  test('it ends', async () => {
    const runs: number[] = []
    const { rounds } = await learn(library, DECLARATIONS, () => must(false), {
      rounds: 3,
      onRound: (round) => runs.push(round),
    })
    expect(rounds).toBe(1)
    expect(runs).toEqual([1])
  })
})

describe('fat-threads learn', () => {
  const READS = 'const char *reads(const char *path)'

  test('prints what open takes', () => {
    const { json, status, stderr } = runJson('learn', library, READS, scratch.path('needed'))
    expect(json).toMatchObject({
      permissions: { read: [scratch.path('needed')] },
      denied: [],
      result: expect.stringMatching(/^needed/),
    })
    expect(status).toBe(0)
    expect(stderr).toMatch(/round 2: with 1 to read/)
    // Nothing helps: it needs nothing.
    const never = runJson('learn', library, READS, '/nowhere')
    expect(never.json).toMatchObject({
      permissions: {},
      denied: [{ path: '/nowhere' }],
      result: null,
    })
  })

  test('as text, and wrong usage', () => {
    const { stdout, status } = run('learn', library, READS, scratch.path('needed'))
    expect(stdout).toMatch(
      /^\{\n {2}"read": \[[^\]]+\]\n\}\n\nResult {2}needed.*\nDenied all the same {2}nothing/,
    )
    expect(status).toBe(0)
    expect(run('learn', library, READS).status).toBe(2)
    expect(run('learn').status).toBe(2)
  })
})

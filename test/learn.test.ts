import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { learn, open } from '../src/index.ts'
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
    expect(learnt).toEqual({ permissions: {}, denied: [], rounds: 1, error: undefined })
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
    // A call that returns has succeeded, whatever it returns: it can do without the file.
    const { json, status, stderr } = runJson('learn', library, READS, scratch.path('needed'))
    expect(json).toMatchObject({
      permissions: {},
      denied: [{ syscall: 'openat', path: scratch.path('needed') }],
    })
    expect(status).toBe(0)
    expect(stderr).toMatch(/round 2: with 1 to read/)
  })

  test('as text, and wrong usage', () => {
    const { stdout, status } = run('learn', library, READS, scratch.path('needed'))
    expect(stdout).toMatch(/^\{\}\n\nDenied all the same {2}1\n {2}openat {2}\//)
    expect(status).toBe(0)
    expect(run('learn', library, READS).status).toBe(2)
    expect(run('learn').status).toBe(2)
  })
})

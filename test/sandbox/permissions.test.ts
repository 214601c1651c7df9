/** What is permitted works, what is not is refused, and a wrong permission is an error at once. */
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open, type Permissions, SandboxError, type ViolationError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { copyCheckout, runProgram } from '../support/run-program.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const DECLARATIONS = {
  reads: 'const char *reads(const char *path)',
  writes: 'int writes(const char *path, const char *text)',
  connects: 'int connects(int port)',
  shares: 'int shares(int key)',
  variable: 'const char *variable(const char *name)',
  variables: 'int variables(void)',
  runs: 'int runs(const char *command)',
} as const

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

beforeAll(() => {
  mkdirSync(scratch.path('given'))
  scratch.write('given/file', 'content')
  scratch.write('other', 'other')
  symlinkSync(scratch.path('given'), scratch.path('link'))
  symlinkSync(scratch.path('other'), scratch.path('given/out'))
})

const opened = (permissions: Permissions) =>
  open(fixture('does-what-is-permitted'), DECLARATIONS, { permissions, timeout: 10_000 })

/** Kills its process, which has been of use, and waits for the next one. */
async function restarted(library: Awaited<ReturnType<typeof opened>>): Promise<void> {
  await library.symbols.variables()
  const restart = once(library.thread, 'restart')
  process.kill(library.thread.pid as number, 'SIGKILL')
  await restart
}

describe('read', () => {
  test('a folder: what is in it, and nothing beside it', async () => {
    await using library = await opened({ read: [scratch.path('given')] })
    const { reads, writes } = library.symbols
    expect(await reads(scratch.path('given/file'))).toBe('content')
    expect(await reads(scratch.path('other'))).toBe(null)
    expect(await reads(scratch.path('given/../other'))).toBe(null)
    expect(await reads(scratch.path('given/out')), 'a link that leads out').toBe(null)
    expect(await writes(scratch.path('given/file'), 'x')).toBeLessThan(0)
    expect(readFileSync(scratch.path('given/file'), 'utf8')).toBe('content')
    const paths = library.thread.denials.map(({ path }) => path)
    expect(paths).toContain(scratch.path('other'))
    expect(paths).not.toContain(scratch.path('given/file/nothing'))
  })

  test('one file', async () => {
    await using library = await opened({ read: [scratch.path('given/file')] })
    expect(await library.symbols.reads(scratch.path('given/file'))).toBe('content')
    expect(await library.symbols.reads(scratch.path('other'))).toBe(null)
  })

  test('a device by its own name, and none by its folder', async () => {
    await using named = await opened({ read: ['/dev/zero'] })
    // What it reads is zeros: a text without characters.
    expect(await named.symbols.reads('/dev/zero')).toBe('')
    await using below = await opened({ read: ['/dev'] })
    expect(await below.symbols.reads('/dev/zero')).toBe(null)
  })

  test('by the name of a link, and by a relative path', async () => {
    await using library = await opened({ read: [scratch.path('link')] })
    expect(await library.symbols.reads(scratch.path('link/file'))).toBe('content')
    expect(await library.symbols.reads(scratch.path('given/file'))).toBe('content')
    await using other = await opened({ read: [relative(process.cwd(), scratch.path('given'))] })
    expect(await other.symbols.reads(scratch.path('given/file'))).toBe('content')
  })

  test('the whole tree, of which a folder may be written', async () => {
    await using library = await opened({ read: ['/'], write: [scratch.path('given')] })
    const { reads, writes } = library.symbols
    expect(await reads(scratch.path('other'))).toBe('other')
    expect(await reads('/etc/passwd')).toMatch(/^root:/)
    expect(await writes(scratch.path('new'), 'x')).toBeLessThan(0)
    expect(await writes(scratch.path('given/fresh'), 'new')).toBe(3)
    expect(readFileSync(scratch.path('given/fresh'), 'utf8')).toBe('new')
    expect(await reads(`/proc/${process.pid}/environ`), "the program's environment").toBe(null)
  })

  test('nothing at all is permitted by default', async () => {
    const violations: ViolationError[] = []
    await using library = await opened({})
    library.thread.on('violation', (error) => violations.push(error))
    expect(await library.symbols.reads(scratch.path('given/file'))).toBe(null)
    expect(library.thread.denials).toMatchObject([
      { syscall: 'openat', path: scratch.path('given/file') },
    ])
    await until(() => violations.length > 0, 'the violation')
    expect(violations).toMatchObject([
      {
        code: 'ERR_FAT_THREAD_VIOLATION',
        syscall: 'openat',
        path: scratch.path('given/file'),
      },
    ])
    expect(library.thread.stats().denied).toBe(1)
  })

  test('permissions outlive a crash', async () => {
    await using library = await opened({ read: [scratch.path('given')] })
    await restarted(library)
    expect(await library.symbols.reads(scratch.path('given/file'))).toBe('content')
    expect(await library.symbols.reads(scratch.path('other'))).toBe(null)
  })
})

describe('write', () => {
  test('a folder: files in it, new ones too, and reading is another permission', async () => {
    await using library = await opened({ write: [scratch.path('given')] })
    const { reads, writes } = library.symbols
    expect(await writes(scratch.path('given/new'), 'text')).toBe(4)
    expect(readFileSync(scratch.path('given/new'), 'utf8')).toBe('text')
    expect(await writes(scratch.path('beside'), 'text')).toBeLessThan(0)
    expect(await reads(scratch.path('given/file'))).toBe(null)
  })

  test('the whole tree', async () => {
    await using library = await opened({ write: ['/'] })
    expect(await library.symbols.writes(scratch.path('anywhere'), 'text')).toBe(4)
    expect(readFileSync(scratch.path('anywhere'), 'utf8')).toBe('text')
    expect(await library.symbols.reads(scratch.path('other'))).toBe(null)
  })

  test('up to the limit of a file', async () => {
    await using library = await open(fixture('does-what-is-permitted'), DECLARATIONS, {
      permissions: { write: [scratch.path('given')] },
      limits: { fileSize: 10 },
    })
    await expect(
      (async () => {
        await library.symbols.writes(scratch.path('given/long'), 'x'.repeat(100))
        await library.symbols.writes(scratch.path('given/long'), 'x'.repeat(100))
      })(),
    ).resolves.toBeUndefined()
    expect(readFileSync(scratch.path('given/long')).length).toBe(10)
  })
})

describe('net', () => {
  test('a connection, or none', async () => {
    const server = createServer((socket) => socket.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await using permitted = await opened({ net: true })
    expect(await permitted.symbols.connects(port)).toBe(5)
    expect(permitted.thread.denials).toEqual([])
    await using denied = await opened({})
    expect(await denied.symbols.connects(port)).toBe(-1)
    expect(denied.thread.denials).toMatchObject([{ syscall: 'socket' }])
    server.close()
  })
})

describe('ipc', () => {
  test("another process's shared memory, or none", async () => {
    const key = 0x66740000 + process.pid
    const libc = await open(
      'libc.so.6',
      {
        shmget: 'int shmget(int key, size_t size, int flags)',
        shmat: 'int *shmat(int id, const void *address, int flags)',
        shmctl: 'int shmctl(int id, int command, void *status)',
      },
      { sandbox: 'off' },
    )
    const id = await libc.symbols.shmget(key, 4096, 0o1600)
    try {
      const memory = await libc.symbols.shmat(id, null, 0)
      await libc.thread.write(memory as never, 'int', 4711)
      await using permitted = await opened({ ipc: true })
      expect(await permitted.symbols.shares(key)).toBe(4711)
      expect(permitted.thread.denials).toEqual([])
      await using denied = await opened({})
      expect(await denied.symbols.shares(key)).toBe(-1)
      expect(denied.thread.denials).toMatchObject([{ syscall: 'shmget' }])
    } finally {
      await libc.symbols.shmctl(id, 0, null)
      await libc.close()
    }
  })
})

describe('ids', () => {
  const namespacesOf = (pid: number | 'self', name: string): string =>
    readlinkSync(`/proc/${pid}/ns/${name}`)

  test("the machine's numbers of users and processes, and nothing else of it", async () => {
    await using library = await opened({ ids: true })
    const pid = library.thread.pid as number
    for (const name of ['user', 'pid'])
      expect(namespacesOf(pid, name), name).toBe(namespacesOf('self', name))
    const { enforced, missing, requested } = library.thread.receipt
    expect(requested.permissions.ids).toBe(true)
    const told = [...enforced, ...missing.map(({ what }) => what)]
    expect(told).not.toContain('user-namespace')
    expect(told).not.toContain('pid-namespace')
    expect(enforced).toEqual(expect.arrayContaining(['system-calls', 'capabilities', 'files']))
    for (const name of ['mnt', 'uts', 'cgroup', 'net', 'ipc']) {
      const what = name === 'mnt' ? 'mount-namespace' : `${name}-namespace`
      const isOwn = namespacesOf(pid, name) !== namespacesOf('self', name)
      expect([name, enforced.includes(what)]).toEqual([name, isOwn])
    }
    expect(await library.symbols.reads('/etc/hostname')).toBe(null)
    expect(await library.symbols.runs('true'), 'no shell was started').toBe(127)
  })

  test('who is not root hears what that costs', async () => {
    const others = copyCheckout(scratch.path('checkout'))
    chmodSync(scratch.path(''), 0o755)
    const { stdout, stderr } = await runProgram('tells-its-receipt.mjs', {
      args: [JSON.stringify({ ids: true })],
      root: others,
      ...(process.geteuid?.() === 0
        ? { by: ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups'] }
        : {}),
    })
    expect(stderr).toBe('')
    const { missing } = JSON.parse(stdout)
    expect(missing).toContainEqual({
      what: 'mount-namespace',
      feature: 'CAP_SYS_ADMIN',
      why: 'only root can make one without a user namespace, which `ids` leaves out',
    })
  })
})

describe('env', () => {
  test('what is named, and nothing else', async () => {
    await using library = await opened({ env: { NAME: 'a value', EMPTY: '' } })
    expect(await library.symbols.variable('NAME')).toBe('a value')
    expect(await library.symbols.variable('EMPTY')).toBe('')
    expect(await library.symbols.variable('PATH')).toBe(null)
    expect(await library.symbols.variables()).toBe(2)
  })
})

describe('run', () => {
  test('programs, with what they may read', async () => {
    const read = ['/bin', '/usr', '/lib', '/lib64']
    await using library = await opened({ run: true, read, env: { PATH: '/usr/bin:/bin' } })
    expect(await library.symbols.runs('exit 7')).toBe(7)
    expect(await library.symbols.runs('true')).toBe(0)
    expect(await library.symbols.runs(`test -e ${scratch.path('other')}`)).not.toBe(0)
    await using denied = await opened({ read })
    expect(await denied.symbols.runs('true'), 'no shell was started').toBe(127)
  })

  test('nothing that was started is left', async () => {
    const read = ['/bin', '/usr', '/lib', '/lib64']
    const library = await opened({ run: true, read, env: { PATH: '/usr/bin:/bin' } })
    const mark = `${process.pid}.75`
    await library.symbols.runs(`sleep ${mark} & exit 0`)
    await library.close()
    const { spawnSync } = await import('node:child_process')
    const left = (): string =>
      spawnSync('pgrep', ['-f', `sleep ${mark}`], { encoding: 'utf8' }).stdout
    // It sleeps for longer than that.
    await until(() => left() === '', 'the end of what was started')
  })
})

describe('wrong permissions', () => {
  test.each([
    [{ read: ['/nowhere/at/all'] }, RangeError, /permissions\.read\[0\].*\/nowhere\/at\/all/],
    [{ write: ['/', '/nowhere'] }, RangeError, /permissions\.write\[1\]/],
    [{ read: [''] }, TypeError, /permissions\.read\[0\]/],
    [{ read: ['a\0b'] }, TypeError, /permissions\.read\[0\]/],
    [{ read: [7] }, TypeError, /permissions\.read\[0\]/],
    [{ read: '/etc' }, TypeError, /permissions\.read/],
    [{ read: { 0: '/etc' } }, TypeError, /permissions\.read/],
    [{ reed: ['/etc'] }, TypeError, /permissions\.reed.*read/],
    [{ net: 'yes' }, TypeError, /permissions\.net/],
    [{ ipc: 1 }, TypeError, /permissions\.ipc/],
    [{ ids: 'root' }, TypeError, /permissions\.ids/],
    [{ run: 1 }, TypeError, /permissions\.run/],
    [{ env: { A: 1 } }, TypeError, /permissions\.env\.A/],
    [{ env: { 'A=B': '' } }, TypeError, /permissions\.env/],
    [{ env: ['A'] }, TypeError, /permissions\.env/],
    [[], TypeError, /permissions/],
    ['all', TypeError, /permissions/],
  ])('%j', async (permissions, type, message) => {
    const error = await opened(permissions as Permissions).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(type)
    expect((error as Error).message).toMatch(message)
  })

  test.each([
    [{ memory: 1 }, RangeError, /limits\.memory/],
    [{ memory: Number.NaN }, RangeError, /limits\.memory/],
    [{ threads: '4' }, TypeError, /limits\.threads/],
    [{ cpuTime: 0 }, RangeError, /limits\.cpuTime/],
    [{ openFiles: 1e9 }, RangeError, /limits\.openFiles/],
    [{ memroy: 1 }, TypeError, /limits\.memroy/],
  ])('limits %j', async (limits, type, message) => {
    const error = await open(fixture('does-what-is-permitted'), {}, { limits } as never).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(type)
    expect((error as Error).message).toMatch(message)
  })

  test('too many paths for one policy', async () => {
    const folder = scratch.path('many')
    mkdirSync(folder)
    const read = Array.from({ length: 300 }, (_, index) => {
      const path = `${folder}/${'x'.repeat(200)}${index}`
      writeFileSync(path, '')
      return path
    })
    await expect(opened({ read })).rejects.toThrow(/name a folder instead/)
  })
})

describe('the receipt', () => {
  test('says what was asked for', async () => {
    await using library = await opened({ read: [scratch.path('given')], net: true })
    const { requested } = library.thread.receipt
    expect(requested.permissions).toEqual({
      read: [scratch.path('given')],
      write: [],
      net: true,
      env: {},
      ipc: false,
      ids: false,
      run: false,
    })
    expect(requested.limits).toMatchObject({ memory: 2 ** 31, threads: 64 })
  })

  test('agrees with the kernel', async () => {
    await using library = await opened({})
    const { enforced, missing } = library.thread.receipt
    const status = readFileSync(`/proc/${library.thread.pid}/status`, 'latin1')
    expect(enforced).toContain('system-calls')
    expect(status).toMatch(/^Seccomp:\s*2$/m)
    expect(status).toMatch(/^NoNewPrivs:\s*1$/m)
    for (const kind of ['Eff', 'Prm', 'Inh', 'Bnd', 'Amb'])
      expect(status).toMatch(new RegExp(`^Cap${kind}:\\s*0+$`, 'm'))
    const names = [...enforced, ...missing.map(({ what }) => what)]
    expect(new Set(names).size).toBe(names.length)
    for (const { why, feature } of missing) expect(`${why}${feature}`).not.toBe('')
  })

  test('is there after a crash and after the end', async () => {
    const library = await opened({})
    const before = library.thread.receipt
    await restarted(library)
    expect(library.thread.receipt.enforced).toEqual(before.enforced)
    await library.close()
    expect(library.thread.receipt.enforced).toEqual(before.enforced)
  })

  test("off: hardly anything is enforced, and it's said", async () => {
    await using library = await open(fixture('does-what-is-permitted'), DECLARATIONS, {
      sandbox: 'off',
    })
    const { missing, enforced } = library.thread.receipt
    expect(missing.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['files', 'network', 'system-calls']),
    )
    expect(enforced).not.toContain('files')
    expect(await library.symbols.reads(scratch.path('other'))).toBe('other')
  })

  test('strict: all of it, or nothing runs', async () => {
    const strict = await open(fixture('does-what-is-permitted'), DECLARATIONS, {
      sandbox: 'strict',
      permissions: { read: [scratch.path('given')] },
    }).catch((error: unknown) => error)
    await using plain = await opened({ read: [scratch.path('given')] })
    const { missing } = plain.thread.receipt
    if (missing.length === 0) {
      expect(strict).toMatchObject({ path: fixture('does-what-is-permitted') })
      await (strict as { close(): Promise<void> }).close()
      return
    }
    expect(strict).toBeInstanceOf(SandboxError)
    expect((strict as SandboxError).missing).toEqual(missing.map(({ what }) => what))
  })

  test('strict throws for what no machine can do, before anything of the library has run', async () => {
    const marker = scratch.path('constructed')
    const error = await open(fixture('does-what-is-permitted'), DECLARATIONS, {
      sandbox: 'strict',
      // Each program that it starts has the limit of memory for itself.
      permissions: { run: true, write: [scratch.folder], env: { CONSTRUCTED: marker } },
    }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SandboxError)
    expect(error).toMatchObject({ code: 'ERR_FAT_THREAD_SANDBOX' })
    expect((error as SandboxError).missing).toContain('resident-memory')
    expect(() => readFileSync(marker)).toThrow(/ENOENT/)
  })
})

/** Libraries that never return: the program goes on, and can always leave. */

import { pbkdf2 } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ClosedError, open, type Pointer, TimeoutError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needs } from '../support/needs.ts'
import { Pulse } from '../support/pulse.ts'
import { runProgram } from '../support/run-program.ts'
import { SLOWNESS } from '../support/slowness.ts'
import { stopwatch } from '../support/stopwatch.ts'
import { failureOf } from '../support/ways.ts'

const LIMIT = 300

/** The call ends at its limit, and the event loop went on meanwhile. */
async function endsInTime(hang: () => Promise<unknown>): Promise<void> {
  const pulse = new Pulse()
  const elapsed = stopwatch()
  const error = await failureOf(hang)
  expect(error).toBeInstanceOf(TimeoutError)
  expect(elapsed()).toBeLessThan(LIMIT + 1500)
  expect(pulse.stop(), 'longest pause').toBeLessThan(200)
}

describe('Lua', () => {
  test.skipIf(needs('liblua5.4-0', 'liblua5.4.so.0'))('a script without an end', async () => {
    await using lua = await open('liblua5.4.so.0', {
      create: 'void *luaL_newstate(void)',
      load: 'int luaL_loadstring(void *state, const char *text)',
      call: 'int lua_pcallk(void *state, int args, int results, int handler, intptr_t context, void *next)',
    })
    const { call, create, load } = lua.symbols
    const state = await create()
    await load(state, 'while true do end')
    await endsInTime(() => call.with({ timeout: LIMIT })(state, 0, 0, 0, 0, null))
    const again = await create()
    expect(await load(again, 'return 1')).toBe(0)
    expect(await call(again, 0, 0, 0, 0, null)).toBe(0)
  })
})

describe('PCRE2', () => {
  test.skipIf(needs('libpcre2-8-0', 'libpcre2-8.so.0'))(
    'a pattern that lifts its limit and tries everything',
    async () => {
      await using pcre = await open('libpcre2-8.so.0', {
        compile:
          'void *pcre2_compile_8(const uint8_t *pattern, size_t length, uint32_t options, int *error, size_t *offset, void *context)',
        room: 'void *pcre2_match_data_create_from_pattern_8(void *code, void *context)',
        context: 'void *pcre2_match_context_create_8(void *context)',
        limit: 'int pcre2_set_match_limit_8(void *context, uint32_t limit)',
        match:
          'int pcre2_match_8(void *code, const uint8_t *subject, size_t length, size_t start, uint32_t options, void *room, void *context)',
      })
      const { compile, context, limit, match, room } = pcre.symbols
      const prepare = async (text: string): Promise<readonly [Pointer | null, Pointer | null]> => {
        const pattern = Buffer.from(text)
        const code = await compile(pattern, pattern.length, 0, [0], [0n], null)
        expect(code).not.toBeNull()
        return [code, await room(code, null)]
      }
      const [code, data] = await prepare('(*LIMIT_MATCH=3000000000)^(?:\\w+\\s?)*$')
      const most = await context(null)
      await limit(most, 2 ** 32 - 1)
      const subject = Buffer.from(`${'word'.repeat(20)}!`)
      await endsInTime(() =>
        match.with({ timeout: LIMIT })(code, subject, subject.length, 0, 0, data, most),
      )
      const [good, goodData] = await prepare('\\w+!$')
      expect(await match(good, subject, subject.length, 0, 0, goodData, null)).toBe(1)
    },
  )
})

describe('SQLite', () => {
  test.skipIf(needs('libsqlite3-0', 'libsqlite3.so.0'))(
    'a query that recurs without an end',
    async () => {
      await using sqlite = await open('libsqlite3.so.0', {
        open: 'int sqlite3_open(const char *path, void **database)',
        exec: 'int sqlite3_exec(void *database, const char *sql, void *callback, void *data, void *message)',
      })
      const create = async (): Promise<Pointer | null> => {
        const database: (Pointer | null)[] = [null]
        expect(await sqlite.symbols.open(':memory:', database)).toBe(0)
        return database[0] ?? null
      }
      const endless =
        'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n'
      const database = await create()
      await endsInTime(() =>
        sqlite.symbols.exec.with({ timeout: LIMIT })(database, endless, null, null, null),
      )
      expect(await sqlite.symbols.exec(await create(), 'create table t(a)', null, null, null)).toBe(
        0,
      )
    },
  )
})

describe('libcurl', () => {
  test.skipIf(needs('libcurl4', 'libcurl.so.4'))('asks a server of the same program', async () => {
    const server = createServer((_request, response) => response.end('answered\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const said: Buffer[] = []
    await using curl = await open(
      'libcurl.so.4',
      {
        create: 'void *curl_easy_init(void)',
        set: 'int curl_easy_setopt(void *handle, int option, const char *value)',
        perform: 'int curl_easy_perform(void *handle)',
        cleanUp: 'void curl_easy_cleanup(void *handle)',
      },
      { stdout: 'pipe', permissions: { net: true } },
    )
    curl.thread.on('stdout', (bytes) => said.push(bytes))
    const URL_OPTION = 10_002
    const handle = await curl.symbols.create()
    const { port } = server.address() as AddressInfo
    expect(await curl.symbols.set(handle, URL_OPTION, `http://127.0.0.1:${port}/`)).toBe(0)
    expect(await curl.symbols.perform.with({ timeout: 5000 })(handle)).toBe(0)
    await curl.symbols.cleanUp(handle)
    await curl.close()
    server.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(Buffer.concat(said).toString()).toBe('answered\n')
  })
})

describe('hung calls', () => {
  test.each([1, 4, 16])('in %d fat threads stop nothing of the program', async (count) => {
    const sleepers = await Promise.all(
      Array.from({ length: count }, () =>
        open(fixture('obeys'), { sleep: 'int sleep_for(int milliseconds)' }),
      ),
    )
    const hung = sleepers.flatMap(({ symbols }) =>
      Array.from({ length: 50 }, () => failureOf(() => symbols.sleep(60_000))),
    )
    const elapsed = stopwatch()
    await Promise.all([
      readFile('/etc/passwd'),
      lookup('localhost'),
      promisify(gzip)('text'),
      promisify(pbkdf2)('password', 'salt', 1, 16, 'sha256'),
      new Promise((resolve) => setTimeout(resolve, 10)),
    ])
    await using other = await open('libc.so.6', { abs: 'int abs(int n)' })
    expect(await other.symbols.abs(-3)).toBe(3)
    expect(elapsed()).toBeLessThan(3000 * SLOWNESS)
    await Promise.all(sleepers.map(({ thread }) => thread.terminate()))
    for (const error of await Promise.all(hung)) expect(error).toBeInstanceOf(ClosedError)
  })

  test('process.exit works at once', async () => {
    // From when it says that it is done.
    let elapsed = (): number => Number.NaN
    const ended = await runProgram('hangs-and-exits.mjs', {
      args: [fixture('obeys'), 'exit', '4'],
      started: ({ stdout }) =>
        stdout?.once('data', () => {
          elapsed = stopwatch()
        }),
    })
    const taken = elapsed()
    expect(ended).toMatchObject({ code: 0, hung: false, stderr: '' })
    expect(ended.stdout).toMatch(/^done [\d ]+\nexit event 0\n$/)
    expect(taken).toBeLessThan(3000 * SLOWNESS)
  })

  test('an uncaught error ends the program as ever', async () => {
    const ended = await runProgram('hangs-and-exits.mjs', { args: [fixture('obeys'), 'throw'] })
    expect(ended).toMatchObject({ code: 1, hung: false })
    expect(ended.stderr).toContain('Error: on purpose')
  })
})

import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/build.ts'
import { needs } from '../support/needs.ts'
import { run, runJson } from './run.ts'

const LIBC = 'libc.so.6'
const LIBM = 'libm.so.6'
const ABS = 'int abs(int x)'
const STRLEN = 'size_t strlen(const char *s)'
const MEMCPY = 'void *memcpy(void *dest, const void *src, size_t n)'

describe('prints the result of', () => {
  const results: readonly (readonly [readonly string[], string])[] = [
    [[LIBC, ABS, '-5'], '5\n'],
    [[LIBC, 'long labs(long x)', '-9007199254740993'], '9007199254740993\n'],
    [[LIBC, STRLEN, '--', '--json'], '6\n'],
    [[LIBC, 'const char *strpbrk(const char *s, const char *any)', 'a b\nc', ' '], ' b\nc\n'],
    [[LIBC, 'const char *strchr(const char *s, int c)', 'key', '61'], 'null\n'],
    [[LIBC, 'void free(void *p)', 'null'], ''],
    [[LIBM, 'double pow(double, double)', '-1.5', '2'], '2.25\n'],
    [[LIBM, 'double fabs(double)', '-Infinity'], 'Infinity\n'],
  ]
  for (const [words, stdout] of results)
    test(words.slice(1).join(' '), () => {
      expect(run('call', ...words)).toEqual({ status: 0, stdout, stderr: '' })
    })
})

test('takes options before, between and after its arguments', () => {
  for (const words of [
    ['--timeout', '5000', 'call', LIBC, ABS, '-5'],
    ['call', LIBC, '--errno', ABS, '--timeout=5000', '-5'],
    ['call', LIBC, ABS, '-5', '--timeout', '5000'],
  ])
    expect(run(...words)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^5\n/) })
})

test('--errno', () => {
  const open = ['call', LIBC, 'int open(const char *path, int flags)', '/nonexistent', '0']
  expect(run(...open, '--errno').stdout).toBe('-1\nerrno 2 (ENOENT)\n')
  expect(runJson(...open, '--errno').json).toEqual({ result: -1, errno: 2, written: {} })
  expect(run('call', LIBC, ABS, '1', '--errno').stdout).toBe('1\nerrno 0\n')
})

describe('--json', () => {
  test('shows what the library wrote, by parameter', () => {
    const { json } = runJson('call', LIBC, MEMCPY, 'zeros:4', 'hex:00ff10', '3')
    expect(json).toEqual({
      result: expect.stringMatching(/^0x[\da-f]+$/),
      written: { dest: 'hex:00ff1000' },
    })
  })

  test('shows a text that the library wrote with its NUL, and the place of a nameless parameter', () => {
    const { json } = runJson('call', LIBC, 'char *strcat(char *, const char *)', 'zeros:6', 'abc')
    expect(json).toMatchObject({ written: { 'argument 1': 'hex:616263000000' } })
  })

  test('shows arrays of numbers', () => {
    const { json } = runJson('call', LIBM, 'double modf(double x, double *whole)', '2.5', '0')
    expect(json).toEqual({ result: 0.5, written: { whole: [2] } })
  })

  test('shows a file given as bytes', () => {
    const path = fileURLToPath(import.meta.url)
    const { json } = runJson(
      'call',
      LIBC,
      'int memcmp(const void *, const void *, size_t)',
      `@${path}`,
      `@${path}`,
      '64',
    )
    expect(json).toEqual({ result: 0, written: {} })
  })

  test('shows what JSON has no number for', () => {
    expect(runJson('call', LIBM, 'double fabs(double)', 'nan').json).toMatchObject({
      result: 'NaN',
    })
    expect(runJson('call', LIBM, 'double exp(double)', '1e9').json).toMatchObject({
      result: 'Infinity',
    })
    expect(runJson('call', LIBC, 'void free(void *p)', 'null').json).toMatchObject({ result: null })
  })

  test('escapes what a terminal would obey', () => {
    const words = [
      LIBC,
      'const char *strchr(const char *s, int c)',
      'a\u009b31m\u202e\u{e0001}',
      '97',
    ]
    const { json, stdout } = runJson('call', ...words)
    expect(json).toMatchObject({ result: words[2] })
    expect(stdout).toContain('a\\u009b31m\\u202e\\udb40\\udc01')
  })

  test('keeps what the library prints on standard error', () => {
    const { json, stderr } = runJson('call', LIBC, 'int puts(const char *s)', 'printed')
    expect(json).toEqual({ result: 8, written: {} })
    expect(stderr).toBe('printed\n')
  })
})

test('the library prints before the result', () => {
  expect(run('call', LIBC, 'int puts(const char *s)', 'printed').stdout).toBe('printed\n8\n')
})

describe('wrong usage ends with status 2:', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a prototype that does not parse', [LIBC, 'int abs(int', '5'], /\n {2}int abs\(int\n {2} +\^/],
    ['no prototype', [LIBC], /missing/],
    ['no arguments', [LIBC, ABS], /abs takes 1 argument, not 0/],
    ['too many arguments', [LIBC, ABS, '1', '2'], /abs takes 1 argument, not 2/],
    [
      'values behind ...',
      [LIBC, 'int printf(const char *format, ...)', '%d', '5'],
      /printf: values behind \.\.\. need a type each/,
    ],
    ['an argument of another type', [LIBC, ABS, 'five'], /abs: x takes a whole number.*"five"/],
    ['a number out of range', [LIBC, ABS, '2147483648'], /abs: x takes -2147483648 to 2147483647/],
    ['an unknown option', [LIBC, ABS, '5', '--loud'], /--loud/],
    ['--timeout without a value', [LIBC, ABS, '5', '--timeout'], /value is missing/],
    ['--timeout with a text', [LIBC, ABS, '5', '--timeout', 'soon'], /--timeout takes/],
    ['--timeout twice', [LIBC, ABS, '5', '--timeout=1', '--timeout=2'], /--timeout takes one/],
    ['--timeout out of range', [LIBC, ABS, '5', '--timeout=1e99'], /timeout must be/],
  ]
  for (const [what, words, message] of cases)
    test(what, () => {
      const ran = run('call', ...words)
      expect(ran).toMatchObject({ status: 2, stdout: '' })
      expect(ran.stderr).toMatch(message)
      expect(ran.stderr).toMatch(/\nTry: fat-threads call --help\n$/)
    })

  test('--json says so', () => {
    expect(runJson('call', LIBC, ABS, 'five')).toMatchObject({
      status: 2,
      json: { error: { name: 'UsageError', code: 'ERR_FAT_THREAD_USAGE' } },
    })
    expect(runJson('call', LIBC, 'int abs(int')).toMatchObject({
      status: 2,
      json: { error: { code: 'ERR_FAT_THREAD_DECLARATION', line: 1, column: 12 } },
    })
    expect(runJson('call', LIBC, ABS, '5', '--loud')).toMatchObject({
      status: 2,
      json: { error: { code: 'ERR_FAT_THREAD_USAGE', message: expect.stringMatching(/--loud/) } },
    })
  })
})

describe('a failure ends with status 1:', () => {
  const code = (words: readonly string[]): unknown => {
    const { status, json } = runJson('call', ...words)
    expect(status).toBe(1)
    return (json as { readonly error: { readonly code: string } }).error.code
  }

  test('no such library', () => {
    expect(code(['libnone.so.1', ABS, '1'])).toBe('ERR_FAT_THREAD_LOAD')
  })
  test('no such symbol', () => {
    expect(code([LIBC, 'int abz(int)', '1'])).toBe('ERR_FAT_THREAD_LOAD')
  })
  test('the time limit', () => {
    expect(code([fixture('loops-forever'), 'int deed(void)', '--timeout', '100'])).toBe(
      'ERR_FAT_THREAD_TIMEOUT',
    )
  })
  test('exit(0)', () => {
    expect(code([fixture('exits-0'), 'int deed(void)'])).toBe('ERR_FAT_THREAD_EXITED')
  })
})

describe('the death of the library by signal n ends with status 128 + n:', () => {
  test('SIGSEGV, with a backtrace', () => {
    const ran = run('call', fixture('writes-to-null'), 'int deed(void)')
    expect(ran).toMatchObject({ status: 128 + constants.signals.SIGSEGV, stdout: '' })
    expect(ran.stderr).toMatch(/crashed: SIGSEGV at 0x0 in deed/)
    expect(ran.stderr).toMatch(/\n {2}at deed\+0x[\da-f]+ \(\/.*writes-to-null\.so\)\n/)
  })

  test('SIGABRT, as JSON', () => {
    const { status, json } = runJson('call', LIBC, 'void abort(void)')
    expect(status).toBe(128 + constants.signals.SIGABRT)
    expect(json).toMatchObject({
      error: {
        name: 'CrashError',
        code: 'ERR_FAT_THREAD_CRASHED',
        signal: 'SIGABRT',
        call: 'abort',
      },
    })
  })

  test('SIGKILL', () => {
    const { status } = run('call', LIBC, 'int raise(int signal)', '9')
    expect(status).toBe(128 + constants.signals.SIGKILL)
  })
})

test.skipIf(needs('zlib1g', 'libz.so.1'))(
  'calls a function that fills a buffer and a length',
  () => {
    const prototype =
      'int uncompress(uint8_t *dest, unsigned long *destLen, const uint8_t *source, unsigned long sourceLen)'
    const stream = 'hex:789ccb48cdc9c90700062c0215'
    expect(runJson('call', 'libz.so.1', prototype, 'zeros:8', '8', stream, '13').json).toEqual({
      result: 0,
      written: { dest: 'hex:68656c6c6f000000', destLen: ['5'] },
    })
  },
)

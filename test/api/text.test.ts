/** Strings as arguments and as results. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeText, wholeBytes } from '../../src/call/text.ts'
import { type Library, open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { runs } from '../support/fuzzing.ts'
import { call, failureOf, WAYS } from '../support/ways.ts'

const DECLARATIONS = {
  echo: 'const char *echo_text(const char *text)',
  echo16: 'const char16_t *echo_text16(const char16_t *text)',
  echo32: 'const wchar_t *echo_text32(const wchar_t *text)',
} as const

const BYTES = {
  lengthOf: 'size_t length_of_text(const char *text)',
  lengthOf16: 'size_t length_of_text16(const char16_t *text)',
  lengthOf32: 'size_t length_of_text32(const wchar_t *text)',
  makeText: 'const char *make_text(size_t length)',
  makeBrokenText: 'const char *make_broken_text(void)',
  noText: 'const char *no_text(void)',
  hashText: 'uint64_t hash_text(const char *text)',
} as const

let echoes: Library<typeof DECLARATIONS>
let texts: Library<typeof BYTES>

beforeAll(async () => {
  echoes = await open(fixture('echoes'), DECLARATIONS)
  texts = await open(fixture('handles-bytes'), BYTES)
})

afterAll(async () => {
  await echoes.close()
  await texts.close()
})

const STRINGS = {
  empty: '',
  ASCII: 'plain words',
  umlauts: 'Grüße, žluťoučký kůň',
  'beyond the basic plane': '𝄞 music 👩‍👩‍👧 family',
  'a byte order mark': '\ufefftext',
  'the last code point': '\u{10ffff}',
  'control characters': '\u0001\u001b[31m\n\r\t\u007f',
  'a name of JavaScript': '__proto__',
  'about a slot long': 'x'.repeat(900),
  'longer than a slot': 'ü'.repeat(5000),
  'a megabyte': 'Straße '.repeat(150_000),
}

describe.each(Object.entries(STRINGS))('%s', (_name, text) => {
  test.each(WAYS)('comes back as it was (%s)', async (way) => {
    expect(await call(echoes.symbols.echo, way, [text])).toBe(text)
    expect(await call(echoes.symbols.echo16, way, [text])).toBe(text)
    expect(await call(echoes.symbols.echo32, way, [text])).toBe(text)
  })

  test('has the length that C counts', async () => {
    expect(await texts.symbols.lengthOf(text)).toBe(BigInt(Buffer.byteLength(text)))
    expect(await texts.symbols.lengthOf16(text)).toBe(BigInt(text.length))
    expect(await texts.symbols.lengthOf32(text)).toBe(BigInt([...text].length))
  })
})

describe('what no UTF-8 can say', () => {
  const LONE = ['\ud800', 'a\udc00b', '\udfff\ud800']

  test.each(LONE)('a lone surrogate becomes U+FFFD in char (%o)', async (text) => {
    for (const way of WAYS)
      expect(await call(echoes.symbols.echo, way, [text])).toBe(
        text.replace(/[\ud800-\udfff]/g, '\ufffd'),
      )
  })

  test.each(LONE)('and stays itself in char16_t (%o)', async (text) => {
    expect(await echoes.symbols.echo16(text)).toBe(text)
  })

  test('bytes that are no UTF-8 come back as U+FFFD', async () => {
    for (const way of WAYS)
      expect(await call(texts.symbols.makeBrokenText, way)).toBe('a\ufffd\ufffd\ufffd(z')
  })
})

describe('NUL', () => {
  test.each(['\0', 'a\0', 'a\0b'])('inside a string is a TypeError (%o)', async (text) => {
    for (const fn of [echoes.symbols.echo, echoes.symbols.echo16, echoes.symbols.echo32])
      for (const way of WAYS) {
        const error = await failureOf(() => call(fn, way, [text]))
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toMatch(/^echo_text\d*: text takes a string without NUL/)
      }
  })
})

describe('null', () => {
  test.each(WAYS)('goes in as NULL and comes back as null (%s)', async (way) => {
    for (const fn of [echoes.symbols.echo, echoes.symbols.echo16, echoes.symbols.echo32])
      expect(await call(fn, way, [null])).toBeNull()
    expect(await call(texts.symbols.noText, way)).toBeNull()
  })

  test.each([undefined, 1, 1n, true, {}, Symbol('text')])(
    'is not %o: a TypeError',
    async (value) => {
      for (const way of WAYS) {
        const error = await failureOf(() => call(echoes.symbols.echo, way, [value]))
        expect(error).toBeInstanceOf(TypeError)
        expect(error.message).toMatch(
          /^echo_text: text takes a string, bytes, a Pointer or null, not /,
        )
      }
    },
  )
})

describe('a text result', () => {
  const madeOf = (length: number): string =>
    'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(length / 26)).slice(0, length)
  // A result fits the rest of its request's slot, or is fetched in a second step.
  const around = [900, 940, 990, 1000, 1008, 1016, 1024]
  const LENGTHS = [
    0,
    1,
    7,
    8,
    63,
    64,
    ...around.flatMap((n) => [n - 1, n, n + 1]),
    4096,
    65536,
    2 ** 20,
  ]

  test.each(LENGTHS)('of %d bytes is whole', async (length) => {
    for (const way of WAYS)
      expect(await call(texts.symbols.makeText, way, [length])).toBe(madeOf(length))
  })

  test('of every length around the slot is whole', () => {
    for (let length = 850; length < 1100; length++)
      expect(texts.symbols.makeText.sync(length)).toBe(madeOf(length))
  })

  test('is a copy: later calls into the same memory change nothing', async () => {
    const lengths = Array.from({ length: 300 }, (_, index) => (index * 37) % 3000)
    const given = await Promise.all(lengths.map((length) => texts.symbols.makeText(length)))
    expect(given).toEqual(lengths.map(madeOf))
  })

  test('of 64 MB is whole', { timeout: 60_000 }, async () => {
    const text = await texts.symbols.makeText(2 ** 26)
    expect(text?.length).toBe(2 ** 26)
    expect(text?.slice(-26)).toBe(madeOf((2 ** 26 % 26) + 26).slice(-26))
  })
})

describe('const char *', () => {
  test('takes bytes, which need no NUL at a length of their own', async () => {
    expect(await texts.symbols.hashText(Buffer.from('text\0'))).toBe(
      await texts.symbols.hashText('text'),
    )
  })

  test('char * takes bytes and no string', async () => {
    const fn = echoes.func('void *echo_pointer(char *text)')
    const error = await failureOf(() => call(fn, 'sync', ['text']))
    expect(error).toBeInstanceOf(TypeError)
  })
})

describe('a long text', () => {
  /** Bytes that one turn of the event loop may copy and decode. */
  const MOST_IN_A_TURN = 512 * 1024
  const unit = '𝄞 ü ' // 4 + 1 + 2 + 1 bytes
  const text = unit.repeat(2 ** 20 / 2)

  async function turnsOf<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
    let turns = 0
    const count = (): void => {
      turns++
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    try {
      return [await work(), turns]
    } finally {
      clearImmediate(next)
    }
  }

  test('is copied and decoded in pieces; the event loop goes on in between', async () => {
    const bytes = Buffer.byteLength(text)
    const [found, turns] = await turnsOf(() => echoes.symbols.echo(text))
    expect(found === text).toBe(true)
    expect(turns).toBeGreaterThanOrEqual(bytes / MOST_IN_A_TURN)
  })

  test('is read in pieces from memory', async () => {
    const bytes = Buffer.from(`${text}\0`)
    const { thread } = texts
    const memory = thread.alloc(bytes.length)
    memory.bytes.set(bytes)
    const [found, turns] = await turnsOf(() => thread.read(memory.pointer, 'char[]'))
    expect(found === text).toBe(true)
    expect(turns).toBeGreaterThanOrEqual(bytes.length / MOST_IN_A_TURN)
  })

  test('comes back blocking, and other calls go on beside it', async () => {
    expect(echoes.symbols.echo.sync(text) === text).toBe(true)
    const long = echoes.symbols.echo(text)
    const short = await Promise.all(
      Array.from({ length: 50 }, (_, index) => echoes.symbols.echo(`short ${index}`)),
    )
    expect(short).toEqual(short.map((_, index) => `short ${index}`))
    expect((await long) === text).toBe(true)
  })
})

test('pieces of a text, cut where they may be, are decoded as the whole, whatever it is', () => {
  const byte = fc.oneof(
    fc.constantFrom(0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xf4, 0xff, 0xa0, 0x9f, 0x90),
    fc.nat(255),
  )
  const bytes = fc.array(byte, { maxLength: 60 })
  fc.assert(
    fc.property(bytes, fc.integer({ min: 5, max: 9 }), (list, step) => {
      const all = Uint8Array.from(list)
      let decoded = ''
      for (let at = 0; at < all.length; ) {
        const piece = all.slice(at, at + step)
        const whole = at + piece.length === all.length ? piece.length : wholeBytes(piece, 1)
        expect(whole).toBeGreaterThan(0)
        decoded += decodeText(piece.subarray(0, whole), 1)
        at += whole
      }
      expect(decoded).toBe(decodeText(all, 1))
    }),
    runs(2000),
  )
})

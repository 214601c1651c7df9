import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostMachine } from '../../src/loader/elf-header.ts'
import { LD_CACHE_PATH, parseLdCache, readLdCache } from '../../src/loader/ld-cache.ts'
import { cpuTime } from '../fixtures/elf/cpu-time.ts'

interface Entry {
  readonly name: string
  readonly path: string
  readonly flags?: number
  readonly hwcap?: bigint
}

/** An `ld.so.cache` in the new format, texts behind the entries. */
function cacheOf(entries: readonly Entry[], count = entries.length): Buffer {
  const texts = Buffer.from(entries.map(({ name, path }) => `${name}\0${path}\0`).join(''))
  const table = Buffer.alloc(48 + entries.length * 24)
  table.write('glibc-ld.so.cache1.1', 'latin1')
  table.writeUInt32LE(count, 20)
  table.writeUInt32LE(texts.length, 24)
  let text = table.length
  entries.forEach(({ name, path, flags = 0x0303, hwcap = 0n }, index) => {
    const at = 48 + index * 24
    table.writeUInt32LE(flags, at)
    table.writeUInt32LE(text, at + 4)
    text += Buffer.byteLength(name) + 1
    table.writeUInt32LE(text, at + 8)
    text += Buffer.byteLength(path) + 1
    table.writeBigUInt64LE(hwcap, at + 16)
  })
  return Buffer.concat([table, texts])
}

/** The old format with `count` entries in front of the new one, as ldconfig wrote it until glibc 2.31. */
function behindOldFormat(cache: Buffer, count: number): Buffer {
  const old = Buffer.alloc(Math.ceil((16 + count * 12) / 8) * 8)
  old.write('ld.so-1.7.0', 'latin1')
  old.writeUInt32LE(count, 12)
  return Buffer.concat([old, cache])
}

const a = { name: 'liba.so.1', path: '/lib/liba.so.1' }
const b = { name: 'libb.so.2', path: '/opt/b/libb.so.2' }
const both = new Map([a, b].map(({ name, path }) => [name, path]))

describe('the format', () => {
  test('new', () => expect(parseLdCache(cacheOf([a, b]), 'x86_64')).toEqual(both))
  test.each([0, 1, 2, 7])('new behind an old one of %i entries', (count) => {
    expect(parseLdCache(behindOldFormat(cacheOf([a, b]), count), 'x86_64')).toEqual(both)
  })
  test('inside a larger buffer', () => {
    const cache = cacheOf([a, b])
    const inside = Buffer.concat([Buffer.alloc(13), cache]).subarray(13)
    expect(parseLdCache(inside, 'x86_64')).toEqual(both)
  })
})

describe('which entries count', () => {
  const pathOf = (...entries: Entry[]): string | undefined =>
    parseLdCache(cacheOf(entries), 'x86_64').get('liba.so.1')

  test('those for the processor', () => {
    const entries = [
      { ...a, path: '/i386', flags: 0x0003 },
      { ...a, path: '/x32', flags: 0x0803 },
      { ...a, path: '/arm64', flags: 0x0a03 },
      { ...a, path: '/x86_64', flags: 0x0303 },
    ]
    expect(pathOf(...entries)).toBe('/x86_64')
    expect(parseLdCache(cacheOf(entries), 'aarch64').get('liba.so.1')).toBe('/arm64')
  })
  test('those for every model of it', () => {
    expect(pathOf({ ...a, path: '/v3', hwcap: 1n << 62n }, a)).toBe(a.path)
    expect(pathOf({ ...a, path: '/v3', hwcap: 1n << 62n })).toBeUndefined()
  })
  test('the first of a name', () => {
    expect(pathOf(a, { ...a, path: '/second' })).toBe(a.path)
  })
})

describe('a damaged cache', () => {
  test('more entries than there are bytes', () => {
    expect(parseLdCache(cacheOf([a, b], 2 ** 32 - 1), 'x86_64').get(a.name)).toBe(a.path)
  })
  test('texts outside are passed over', () => {
    const cache = cacheOf([a, b])
    cache.writeUInt32LE(2 ** 32 - 1, 48 + 4)
    expect(parseLdCache(cache, 'x86_64')).toEqual(new Map([[b.name, b.path]]))
  })
  test('something else is no cache', () => {
    expect(parseLdCache(Buffer.from('hello'), 'x86_64').size).toBe(0)
    expect(parseLdCache(Buffer.alloc(100), 'x86_64').size).toBe(0)
  })
  test('any bytes give a list, and soon', () => {
    const cache = behindOldFormat(cacheOf([a, b, a, b]), 3)
    const edit = fc.record({ at: fc.nat(cache.length - 1), value: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 10 }), fc.nat(cache.length), (edits, length) => {
        const copy = Uint8Array.from(cache.subarray(0, length))
        for (const { at, value } of edits) copy[at] = value
        expect(cpuTime(() => parseLdCache(copy, 'x86_64'))).toBeLessThan(100)
      }),
      { numRuns: 2000 },
    )
  })
})

describe.runIf(existsSync(LD_CACHE_PATH))('the cache of this machine', () => {
  const listed = ['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig']
    .map((command) => spawnSync(command, ['-p'], { encoding: 'utf8' }).stdout)
    .find((text) => text)

  test.skipIf(listed === undefined)('is what ldconfig lists', () => {
    const word = hostMachine() === 'x86_64' ? 'x86-64' : 'AArch64'
    const expected = new Map<string, string>()
    for (const line of listed?.split('\n') ?? []) {
      const [, name, kind, path] = /^\t(\S+) \(([^)]*)\) => (.*)$/.exec(line) ?? []
      if (name === undefined || path === undefined || expected.has(name)) continue
      if (kind === `libc6,${word}`) expected.set(name, path)
    }
    expect(expected.size).toBeGreaterThan(0)
    expect(readLdCache()).toEqual(expected)
  })

  test('is read once', () => {
    expect(readLdCache()).toBe(readLdCache())
    expect(parseLdCache(readFileSync(LD_CACHE_PATH), hostMachine())).toEqual(readLdCache())
  })
})

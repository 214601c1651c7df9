import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostMachine } from '../../src/loader/elf-header.ts'
import { LD_CACHE_PATH, LdCache, readLdCache } from '../../src/loader/ld-cache.ts'
import { leastCpuTime } from '../support/cpu-time.ts'

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

const allOf = (bytes: Uint8Array): ReadonlyMap<string, string> => new LdCache(bytes, 'x86_64').all()

const a = { name: 'liba.so.1', path: '/lib/liba.so.1' }
const b = { name: 'libb.so.2', path: '/opt/b/libb.so.2' }
const both = new Map([a, b].map(({ name, path }) => [name, path]))

describe('the format', () => {
  test('new', () => expect(allOf(cacheOf([a, b]))).toEqual(both))
  test.each([0, 1, 2, 7])('new behind an old one of %i entries', (count) => {
    expect(allOf(behindOldFormat(cacheOf([a, b]), count))).toEqual(both)
  })
  test('inside a larger buffer', () => {
    const cache = cacheOf([a, b])
    const inside = Buffer.concat([Buffer.alloc(13), cache]).subarray(13)
    expect(allOf(inside)).toEqual(both)
  })
})

describe('which entries count', () => {
  const pathOf = (...entries: Entry[]): string | undefined =>
    new LdCache(cacheOf(entries), 'x86_64').get('liba.so.1')

  test('those for the processor', () => {
    const entries = [
      { ...a, path: '/i386', flags: 0x0003 },
      { ...a, path: '/x32', flags: 0x0803 },
      { ...a, path: '/arm64', flags: 0x0a03 },
      { ...a, path: '/x86_64', flags: 0x0303 },
    ]
    expect(pathOf(...entries)).toBe('/x86_64')
    expect(new LdCache(cacheOf(entries), 'aarch64').get('liba.so.1')).toBe('/arm64')
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
    expect(new LdCache(cacheOf([a, b], 2 ** 32 - 1), 'x86_64').get(a.name)).toBe(a.path)
  })
  test('texts outside are passed over', () => {
    const cache = cacheOf([a, b])
    cache.writeUInt32LE(2 ** 32 - 1, 48 + 4)
    expect(allOf(cache)).toEqual(new Map([[b.name, b.path]]))
  })
  test('one name more often than a linker writes it', () => {
    const many = Buffer.from('x\0'.repeat(5000))
    const cache = Buffer.concat([cacheOf([a, { name: 'x', path: '/lib/x' }]), many])
    expect(new LdCache(cache, 'x86_64').get('x')).toBe('/lib/x')
  })
  test('something else is no cache', () => {
    expect(allOf(Buffer.from('hello')).size).toBe(0)
    expect(allOf(Buffer.alloc(100)).size).toBe(0)
  })
  test('any bytes give a list, and soon', () => {
    const cache = behindOldFormat(cacheOf([a, b, a, b]), 3)
    const edit = fc.record({ at: fc.nat(cache.length - 1), value: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 10 }), fc.nat(cache.length), (edits, length) => {
        const copy = Uint8Array.from(cache.subarray(0, length))
        for (const { at, value } of edits) copy[at] = value
        let all: ReadonlyMap<string, string> = new Map()
        expect(
          leastCpuTime(() => {
            all = allOf(copy)
          }),
        ).toBeLessThan(100)
        // What is looked for by itself is what stands in the whole list.
        const damaged = new LdCache(copy, 'x86_64')
        for (const name of [a.name, b.name, 'so.1', 'none', '', ...all.keys()])
          if (!name.includes('\uFFFD')) expect(damaged.get(name)).toBe(all.get(name))
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
    expect(readLdCache().all()).toEqual(expected)
    for (const [library, path] of expected) expect(readLdCache().get(library)).toBe(path)
  })

  test('is read once', () => {
    expect(readLdCache()).toBe(readLdCache())
    const read = new LdCache(readFileSync(LD_CACHE_PATH), hostMachine())
    expect(readLdCache().all()).toEqual(read.all())
  })
})

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { LoadError } from '../../src/errors.ts'
import { findElfFile, openElfFile, readElfFile } from '../../src/loader/elf-file.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { patch } from '../fixtures/elf/patch.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const leaf = compile('leaf.c', join(folder, 'libleaf.so'), { soname: 'libleaf.so' })
const at = (name: string): string => join(folder, name)

describe('what is no plain file is refused without waiting for it', () => {
  const refused = (path: string, message: RegExp): void => {
    expect(() => readElfFile(path)).toThrow(LoadError)
    expect(() => readElfFile(path)).toThrow(message)
    expect(() => readElfFile(path)).toThrow(path)
  }

  test('a directory', () => refused(folder, /a directory/))
  test('a device', () => refused('/dev/null', /a device/))
  test('a named pipe', () => {
    execFileSync('mkfifo', [at('pipe')])
    refused(at('pipe'), /a named pipe/)
  })
  test('a socket', async () => {
    const server = createServer().listen(at('socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    refused(at('socket'), /a socket/)
    server.close()
  })
  test('nothing', () => refused(at('none'), /no such file/))
  test('a path through a file', () => refused(join(leaf, 'x.so'), /not a directory \(ENOTDIR\)/))
  test('a circle of links', () => {
    symlinkSync('loop', at('loop'))
    refused(at('loop'), /symbolic links/)
  })
  test('an empty file', () => {
    writeFileSync(at('empty'), '')
    refused(at('empty'), /empty/)
  })
  test('a file of more than 2 GiB', () => {
    writeFileSync(at('sparse'), '')
    truncateSync(at('sparse'), 2 ** 31 + 1)
    refused(at('sparse'), /larger than 2 GiB/)
  })
  test('a file that may not be read', () => {
    copyFileSync(leaf, at('secret'))
    chmodSync(at('secret'), 0)
    chmodSync(folder, 0o755)
    asOrdinaryUser(() => {
      refused(at('secret'), /permission denied/)
      expect(findElfFile(at('secret'))).toBeUndefined()
    })
  })
  test('control characters of a name do not reach the message', () => {
    expect(() => readElfFile(at('\x1b[2Jx'))).toThrow(/\uFFFD\[2Jx: no such file/)
  })
})

/** Root may read everything, so root becomes nobody for a while. */
function asOrdinaryUser(deed: () => void): void {
  const root = process.geteuid?.() === 0
  if (root) process.seteuid?.(65534)
  try {
    deed()
  } finally {
    if (root) process.seteuid?.(0)
  }
}

describe('a search passes over', () => {
  test('nothing, directories, and paths through files', () => {
    expect(findElfFile(at('none'))).toBeUndefined()
    expect(findElfFile(folder)).toBeUndefined()
    expect(findElfFile(join(leaf, 'x.so'))).toBeUndefined()
  })
  test('objects for other machines, as the loader does', () => {
    writeFileSync(at('foreign'), patch(readFileSync(leaf), 18, 0xef, 0xbe))
    expect(findElfFile(at('foreign'))).toBeUndefined()
    expect(() => openElfFile(at('foreign'))).toThrow(/processor number 48879/)
  })
  test('but stops at what is no object', () => {
    writeFileSync(at('text'), 'hello')
    expect(() => findElfFile(at('text'))).toThrow(/a text file/)
  })
})

describe('what was read is remembered', () => {
  test('as long as the file is the same', () => {
    expect(readElfFile(leaf)).toBe(readElfFile(leaf))
  })

  test('but not when its content changed under the same size and time', () => {
    const path = at('libchanged.so')
    copyFileSync(leaf, path)
    const time = new Date(1e12)
    utimesSync(path, time, time)
    const before = readElfFile(path)
    const bytes = readFileSync(path)
    const name = Buffer.from('leaf_function')
    bytes.set(Buffer.from('beef_function'), bytes.indexOf(name))
    writeFileSync(path, bytes)
    utimesSync(path, time, time)
    expect(before.findExport('leaf_function')).toBeDefined()
    expect(readElfFile(path).findExport('leaf_function')).toBeUndefined()
    expect(readElfFile(path).findExport('beef_function')).toBeDefined()
  })

  test('under each of its paths, since $ORIGIN depends on it', () => {
    mkdirSync(at('other'))
    linkSync(leaf, at('other/libleaf.so'))
    expect(readElfFile(at('other/libleaf.so')).path).toBe(at('other/libleaf.so'))
    expect(readElfFile(leaf).path).toBe(leaf)
  })

  test('with the real path and the identity', () => {
    symlinkSync(leaf, at('link.so'))
    const [one, two] = [openElfFile(leaf), openElfFile(at('link.so'))]
    expect(two.path).toBe(at('link.so'))
    expect(two.realPath).toBe(leaf)
    expect(two.identity).toEqual(one.identity)
  })
})

test('reading from the file and from its bytes gives the same', async () => {
  const { readElf } = await import('../../src/loader/elf.ts')
  const [file, bytes] = [readElfFile(leaf), readElf(readFileSync(leaf), leaf)]
  expect({ ...bytes }).toEqual({ ...file })
  expect(bytes.exports).toEqual(file.exports)
  expect(bytes.imports).toEqual(file.imports)
})

import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { LoadError } from '../../src/errors.ts'
import { type Closure, findExport, resolveClosure } from '../../src/loader/closure.ts'
import { hostMachine } from '../../src/loader/elf-header.ts'
import { readLdCache } from '../../src/loader/ld-cache.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { compile, linkedWith, temporaryFolder } from '../fixtures/elf/compile.ts'
import { dynamicValue, patch, patchDynamic, patchProgramHeader } from '../fixtures/elf/patch.ts'
import { has, ldd } from '../fixtures/elf/readelf.ts'
import { needs } from '../support/needs.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

let number = 0
/** A new folder for one test. */
function place(): string {
  number += 1
  return join(folder, String(number))
}

const RUNPATH = (path: string): string => `-Wl,--enable-new-dtags,-rpath,${path}`
const RPATH = (path: string): string => `-Wl,--disable-new-dtags,-rpath,${path}`

/** Compiles `needs-leaf.c` in `here`, linked with files that are there. */
function needing(here: string, name: string, files: readonly string[], ...flags: string[]): string {
  return compile('needs-leaf.c', join(here, name), {
    soname: name,
    flags: [...linkedWith(here, ...files), ...flags],
  })
}

/** The objects without the C library, by file name. */
function names({ objects }: Closure): string[] {
  return objects
    .filter(({ provided }) => !provided)
    .map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
}

function refusal(path: string): string {
  try {
    return `accepted: ${names(resolveClosure(path))}`
  } catch (error) {
    expect(error).toBeInstanceOf(LoadError)
    return (error as LoadError).message
  }
}

describe.runIf(has('ldd'))('agrees with ldd on', () => {
  const SYSTEM = [
    'libm.so.6',
    'libz.so.1',
    'libcrypto.so.3',
    'libssl.so.3',
    'libstdc++.so.6',
    'libgcc_s.so.1',
    'libncursesw.so.6',
    'libreadline.so.8',
    'libsqlite3.so.0',
    'libxml2.so.2',
    'libcurl.so.4',
    'libgnutls.so.30',
    'libLLVM-15.so.1',
    'libgtk-3.so.0',
  ].filter((name) => readLdCache().has(name))

  test.each(SYSTEM)('%s', (name) => {
    const path = resolveLibrary(name)
    const closure = resolveClosure(path)
    const ours = closure.objects
      .filter((object) => object !== closure.root)
      .map((object) => object.realPath)
    // The loader lists itself whether it is needed or not.
    const theirs = [...ldd(path).values()].map((found) => realpathSync(found ?? ''))
    const notLoader = (found: string): boolean => !/\/ld-linux/.test(found)
    expect(ours.filter(notLoader).sort()).toEqual(theirs.filter(notLoader).sort())
  })

  test('enough of them', () => expect(SYSTEM.length).toBeGreaterThan(2))
})

describe('the order', () => {
  // a needs b and c, b needs d, c needs d.
  const here = place()
  compile('leaf.c', join(here, 'd.so'), { soname: 'd.so' })
  needing(here, 'b.so', ['d.so'])
  needing(here, 'c.so', ['d.so'])
  const a = needing(here, 'a.so', ['b.so', 'c.so'])
  const closure = resolveClosure(a, { searchPaths: [here] })

  test('dependencies come before what needs them', () => {
    expect(names(closure)).toEqual(['d.so', 'b.so', 'c.so', 'a.so'])
    for (const [index, object] of closure.objects.entries()) {
      for (const dependency of object.dependencies) {
        expect(closure.objects.indexOf(dependency)).toBeLessThan(index)
      }
    }
  })
  test('symbols are searched breadth first', () => {
    const order = closure.lookupOrder.filter(({ provided }) => !provided)
    expect(order.map(({ soname }) => soname)).toEqual(['a.so', 'b.so', 'c.so', 'd.so'])
    expect(findExport(closure, 'needs_leaf')?.object).toBe(closure.root)
    expect(findExport(closure, 'leaf_function')?.object.soname).toBe('d.so')
    expect(findExport(closure, 'leaf_hidden')).toBeUndefined()
    expect(findExport(closure, 'malloc')?.object.provided).toBe(true)
  })
  test('each object once, with who asked for it first', () => {
    const [d] = closure.objects
    expect(d?.neededNames).toEqual(['d.so'])
    expect(d?.loader?.soname).toBe('b.so')
    expect(closure.root.loader).toBeUndefined()
    expect(closure.root.neededNames).toEqual([])
    expect(closure.objects.some(({ nameless, cyclic }) => nameless || cyclic)).toBe(false)
  })
})

test('the C library is provided, and nothing is searched behind it', () => {
  const closure = resolveClosure(resolveLibrary('libm.so.6'))
  const provided = closure.objects.filter((object) => object.provided)
  expect(provided.map(({ soname }) => soname)).toContain('libc.so.6')
  expect(provided.every(({ dependencies }) => dependencies.length === 0)).toBe(true)
  const libc = resolveClosure(resolveLibrary('libc.so.6'))
  expect(libc.objects).toEqual([libc.root])
  expect(libc.root.provided).toBe(true)
})

test('who claims to be the C library is not taken for it', () => {
  const here = place()
  const flags = [RUNPATH('$ORIGIN'), '-Wl,--no-as-needed', '-lc']
  const closure = resolveClosure(
    compile('empty.c', join(here, 'libc.so.6'), { soname: 'libc.so.6', flags }),
  )
  expect(closure.root.provided).toBe(false)
  expect(closure.objects.map(({ provided }) => provided)).toEqual([true, false])
  const other = compile('empty.c', join(here, 'other.so'), { flags })
  expect(resolveClosure(other, { searchPaths: [here] }).objects[0]?.provided).toBe(true)
})

describe('search paths of the objects', () => {
  /** `main.so` beside `sub/leaf.so`, and whether the leaf is found with these flags. */
  const leafIn = (sub: string, flag: string): string => {
    const here = place()
    compile('leaf.c', join(here, sub, 'leaf.so'), { soname: 'leaf.so' })
    const library = compile('needs-leaf.c', join(here, 'lib', 'main.so'), {
      flags: [...linkedWith(join(here, sub), 'leaf.so'), flag],
    })
    return refusal(library).replaceAll(here, '')
  }
  const found = 'accepted: leaf.so,main.so'

  test.each([
    ['DT_RUNPATH $ORIGIN', 'lib', RUNPATH('$ORIGIN')],
    ['in braces', 'lib', RUNPATH(`\${ORIGIN}`)],
    ['DT_RPATH $ORIGIN', 'lib', RPATH('$ORIGIN')],
    ['below $ORIGIN', 'lib/deep/er', RUNPATH('$ORIGIN/deep/er')],
    ['with a slash at the end', 'lib', RUNPATH('$ORIGIN/')],
    ['away and back', 'lib/deep', RUNPATH('$ORIGIN/../lib/deep/x/..')],
    ['the second entry', 'lib', RUNPATH('/nowhere:$ORIGIN/no:$ORIGIN')],
    ['$PLATFORM', `lib/${hostMachine()}`, RUNPATH('$ORIGIN/$PLATFORM')],
    ['$LIB', 'lib/' + libraryFolder(), RUNPATH('$ORIGIN/$LIB')],
  ])('%s', (_name, sub, flag) => expect(leafIn(sub, flag)).toBe(found))

  test.each([
    ['$ORIGIN/..', 'other', RUNPATH('$ORIGIN/../other')],
    ['DT_RPATH $ORIGIN/..', 'other', RPATH('$ORIGIN/../other')],
    ['$ORIGIN with more letters', 'lib', RUNPATH('$ORIGINAL')],
    ['a directory that only begins like $ORIGIN', 'library', RUNPATH('$ORIGIN/../library')],
  ])("not out of the library's directory: %s", (_name, sub, flag) => {
    expect(leafIn(sub, flag)).toMatch(/^\/lib\/main\.so: needs 'leaf\.so', which is /)
  })

  test('the message says which entry, and what to do', () => {
    expect(leafIn('other', RUNPATH('$ORIGIN/../other'))).toBe(
      "/lib/main.so: needs 'leaf.so', which is in '/other', but the search path " +
        "'$ORIGIN/../other' of /lib/main.so leads outside the library's own directory and is " +
        'not followed: name that directory in searchPaths',
    )
  })

  test('searchPaths lead anywhere', () => {
    const here = place()
    compile('leaf.c', join(here, 'other', 'leaf.so'), { soname: 'leaf.so' })
    const library = compile('needs-leaf.c', join(here, 'main.so'), {
      flags: linkedWith(join(here, 'other'), 'leaf.so'),
    })
    expect(refusal(library)).toMatch(/needs 'leaf\.so', which is not in/)
    const closure = resolveClosure(library, { searchPaths: [join(here, 'other')] })
    expect(names(closure)).toEqual(['leaf.so', 'main.so'])
  })

  test('the working directory is not searched', () => {
    const here = place()
    compile('leaf.c', join(here, 'leaf.so'), { soname: 'leaf.so' })
    for (const path of ['', ':', '.', 'relative']) {
      const library = needing(here, 'main.so', ['leaf.so'], RUNPATH(`$ORIGIN/none:${path}`))
      const before = process.cwd()
      process.chdir(here)
      try {
        expect(refusal(library)).toMatch(/^.*main\.so: needs 'leaf\.so'/)
      } finally {
        process.chdir(before)
      }
    }
  })

  /** `main.so` needs `middle.so`, which needs `sub/leaf.so`: only `main.so` knows where. */
  const chain = (mainFlag: string, ...middleFlags: string[]): string => {
    const here = place()
    compile('leaf.c', join(here, 'sub', 'leaf.so'), { soname: 'leaf.so' })
    const sub = linkedWith(join(here, 'sub'), 'leaf.so')
    needing(here, 'middle.so', [], ...sub, ...middleFlags)
    return refusal(needing(here, 'main.so', ['middle.so'], mainFlag, '-Wl,--allow-shlib-undefined'))
  }
  const both = '$ORIGIN:$ORIGIN/sub'

  test('DT_RPATH serves what is loaded because of it, DT_RUNPATH does not', () => {
    expect(chain(RPATH(both))).toBe('accepted: leaf.so,middle.so,main.so')
    expect(chain(RUNPATH(both))).toMatch(/middle\.so: needs 'leaf\.so'/)
  })
  test('DT_RPATH of the loaders does not count for an object with DT_RUNPATH', () => {
    expect(chain(RPATH(both), RUNPATH('/usr/lib'))).toMatch(/middle\.so: needs 'leaf\.so'/)
  })
  test.runIf(has('ldd'))('as ldd has it', () => {
    const here = place()
    compile('leaf.c', join(here, 'sub', 'leaf.so'), { soname: 'leaf.so' })
    needing(here, 'middle.so', [], ...linkedWith(join(here, 'sub'), 'leaf.so'))
    for (const [flag, expected] of [
      [RPATH(both), join(here, 'sub', 'leaf.so')],
      [RUNPATH(both), undefined],
    ] as const) {
      const main = needing(here, 'main.so', ['middle.so'], flag, '-Wl,--allow-shlib-undefined')
      expect(ldd(main).get('leaf.so')).toBe(expected)
    }
  })

  test('an object for another processor is passed over', () => {
    const here = place()
    const leaf = compile('leaf.c', join(here, 'leaf.so'), { soname: 'leaf.so' })
    const main = needing(here, 'main.so', ['leaf.so'], RUNPATH('$ORIGIN/foreign:$ORIGIN'))
    mkdirSync(join(here, 'foreign'))
    writeFileSync(join(here, 'foreign', 'leaf.so'), patch(readFileSync(leaf), 18, 0xef, 0xbe))
    expect(resolveClosure(main).objects[0]?.path).toBe(leaf)
  })
})

describe('names', () => {
  test('a dependency without SONAME is nameless', () => {
    const here = place()
    compile('leaf.c', join(here, 'leaf.so'))
    const main = needing(here, 'main.so', ['leaf.so'], RUNPATH('$ORIGIN'))
    const [leaf] = resolveClosure(main).objects
    expect(leaf).toMatchObject({ soname: undefined, neededNames: ['leaf.so'], nameless: true })
  })
  test('a dependency that is needed by another name than its SONAME is nameless', () => {
    const here = place()
    compile('leaf.c', join(here, 'real.so'), { soname: 'real.so' })
    const user = needing(here, 'main.so', ['real.so'], RUNPATH('$ORIGIN'))
    const bytes = readFileSync(user)
    bytes.set(Buffer.from('fake.so'), bytes.indexOf('real.so'))
    writeFileSync(user, bytes)
    symlinkSync('real.so', join(here, 'fake.so'))
    const [leaf] = resolveClosure(user).objects
    expect(leaf).toMatchObject({ soname: 'real.so', neededNames: ['fake.so'], nameless: true })
    expect(leaf?.path).toBe(join(here, 'fake.so'))
    expect(leaf?.realPath).toBe(realpathSync(join(here, 'real.so')))
  })
  test('two names for one file are one object', () => {
    const here = place()
    compile('leaf.c', join(here, 'one.so'))
    symlinkSync('one.so', join(here, 'two.so'))
    const main = needing(here, 'main.so', ['one.so', 'two.so'], RUNPATH('$ORIGIN'))
    const closure = resolveClosure(main)
    expect(names(closure)).toEqual(['one.so', 'main.so'])
    expect(closure.objects[0]?.neededNames).toEqual(['one.so', 'two.so'])
  })
  test('an object is found by the SONAME of one that is loaded already', () => {
    // main needs x.so (SONAME y.so) and user.so, which needs y.so: that is x.so.
    const here = place()
    compile('leaf.c', join(here, 'y.so'), { soname: 'y.so' })
    needing(here, 'user.so', ['y.so'])
    copyFileSync(join(here, 'y.so'), join(here, 'x.so'))
    rmSync(join(here, 'y.so'))
    const main = needing(
      here,
      'main.so',
      ['user.so'],
      RUNPATH('$ORIGIN'),
      '-Wl,--allow-shlib-undefined',
    )
    expect(refusal(main)).toMatch(/user\.so: needs 'y\.so'/)
    const x = needing(here, 'xfirst.so', ['x.so', 'user.so'], RUNPATH('$ORIGIN'))
    // The linker writes the SONAME; by hand it becomes the file's name.
    const bytes = readFileSync(x)
    bytes.set(Buffer.from('x.so'), bytes.indexOf('\0y.so\0') + 1)
    writeFileSync(x, bytes)
    expect(names(resolveClosure(x))).toEqual(['x.so', 'user.so', 'xfirst.so'])
  })
})

test('a circle ends, in the same order every time', () => {
  const here = place()
  const stub = compile('empty.c', join(here, 'b.so'), { soname: 'b.so' })
  const a = needing(here, 'a.so', ['b.so'], RUNPATH('$ORIGIN'))
  rmSync(stub)
  compile('empty.c', stub, {
    soname: 'b.so',
    flags: [...linkedWith(here, 'a.so'), RUNPATH('$ORIGIN'), '-Wl,--allow-shlib-undefined'],
  })
  expect(names(resolveClosure(a))).toEqual(['b.so', 'a.so'])
  expect(names(resolveClosure(stub))).toEqual(['a.so', 'b.so'])
  expect(resolveClosure(a).objects.map(({ soname, cyclic }) => [soname, cyclic])).toContainEqual([
    'b.so',
    true,
  ])
  expect(resolveClosure(a).root.cyclic).toBe(false)
})

describe('refused', () => {
  const here = place()
  const leaf = compile('leaf.c', join(here, 'leaf.so'), { soname: 'leaf.so' })
  const bytes = readFileSync(leaf)
  const main = needing(here, 'main.so', ['leaf.so'], RUNPATH('$ORIGIN'))
  const [PT_LOAD, PT_GNU_STACK] = [1, 0x6474e551]

  /** What is said of a library, and of one that needs it. */
  const both = (changed: Uint8Array, message: RegExp): void => {
    writeFileSync(leaf, changed)
    for (const path of [leaf, main]) {
      expect(refusal(path)).toMatch(message)
      expect(refusal(path).startsWith(`${leaf}: `)).toBe(true)
    }
    writeFileSync(leaf, bytes)
  }

  test('not without a change', () => expect(refusal(main)).toBe('accepted: leaf.so,main.so'))
  test('an executable stack', () => {
    const linked = compile('leaf.c', join(place(), 'x.so'), { flags: ['-Wl,-z,execstack'] })
    both(readFileSync(linked), /executable stack/)
  })
  test('a stack that nothing is said about', () => {
    both(patchProgramHeader(bytes, PT_GNU_STACK, 0, { type: 0 }), /no PT_GNU_STACK/)
  })
  test('a segment that is writable and executable', () => {
    both(patchProgramHeader(bytes, PT_LOAD, -1, { flags: 7 }), /writable and executable/)
  })
  test('text relocations', () => {
    // DT_INIT becomes DT_TEXTREL, or DT_FLAGS with DF_TEXTREL.
    both(patchDynamic(bytes, 12n, { tag: 22n }), /text relocations/)
    both(patchDynamic(bytes, 12n, { tag: 30n, value: 4n }), /text relocations/)
  })
  test('an object that forbids dlopen', () => {
    const linked = compile('leaf.c', join(place(), 'x.so'), { flags: ['-Wl,-z,nodlopen'] })
    both(readFileSync(linked), /forbids dlopen/)
  })
  test('a filter', () => {
    const linked = compile('leaf.c', join(place(), 'x.so'), { flags: ['-Wl,-F,libfiltered.so'] })
    both(readFileSync(linked), /filter for 'libfiltered\.so'/)
  })
  test('a program', () => {
    const program = join(place(), 'program')
    mkdirSync(join(program, '..'))
    const input = 'int main(void) { return 0; }'
    execFileSync('cc', ['-x', 'c', '-pie', '-fPIE', '-o', program, '-'], { input, stdio: 'pipe' })
    both(readFileSync(program), /a program/)
  })

  test.each(['/tmp/libleaf.so', '../libleaf.so', 'sub/libleaf.so', './libleaf.so'])(
    'DT_NEEDED %s',
    (path) => {
      const there = place()
      compile('leaf.c', join(there, 'leaf.so'), { soname: path })
      const user = needing(there, 'main.so', ['leaf.so'], RUNPATH('$ORIGIN'))
      expect(refusal(user)).toBe(
        `${user}: needs '${path}', which is a path and not a name (DT_NEEDED)`,
      )
    },
  )
  test('an empty DT_NEEDED', () => {
    const user = join(place(), 'x.so')
    mkdirSync(join(user, '..'))
    writeFileSync(user, patchDynamic(readFileSync(main), 1n, { value: 0n }))
    expect(refusal(user)).toMatch(/needs ''/)
  })
  test('a dependency that is missing, with who needs it', () => {
    const there = place()
    compile('leaf.c', join(there, 'leaf.so'), { soname: 'libmissing.so.3' })
    const user = needing(there, 'main.so', ['leaf.so'])
    expect(refusal(user)).toMatch(/main\.so: needs 'libmissing\.so\.3', which is not in \/etc/)
  })
  test('control characters of a dependency do not reach the message', () => {
    const there = place()
    compile('leaf.c', join(there, 'leaf.so'), { soname: 'lib\x1b[2J\u202e.so' })
    expect(refusal(needing(there, 'main.so', ['leaf.so']))).toMatch(
      /needs 'lib\uFFFD\[2J\uFFFD\.so'/,
    )
  })
})

describe('is bounded', () => {
  test('more than 250 objects', () => {
    const here = place()
    compile('empty.c', join(here, 'x000.so'), { soname: 'x000.so' })
    // Each copy has its own number for a SONAME, and needs the next one.
    const template = readFileSync(needing(here, 'm000.so', ['x000.so'], RUNPATH('$ORIGIN')))
    const digits = (value: number): string => String(value).padStart(3, '0')
    const write = (index: number): void => {
      const copy = Buffer.from(template)
      copy.set(Buffer.from(`m${digits(index)}.so`), copy.indexOf('m000.so\0'))
      copy.set(Buffer.from(`m${digits(index + 1)}.so`), copy.indexOf('x000.so\0'))
      writeFileSync(join(here, `m${digits(index)}.so`), copy)
    }
    for (let index = 0; index < 260; index += 1) write(index)
    const started = performance.now()
    expect(refusal(join(here, 'm000.so'))).toMatch(/m000\.so: needs more than 250 objects/)
    expect(performance.now() - started).toBeLessThan(2000)
    // 240 of them, the last of which needs nothing, are fine.
    copyFileSync(join(here, 'x000.so'), join(here, 'm260.so'))
    expect(names(resolveClosure(join(here, 'm020.so')))).toHaveLength(241)
  })

  test('thousands of needs in one object', () => {
    const path = compile('empty.c', join(place(), 'many.so'))
    writeFileSync(path, withNeeds(readFileSync(path), 1100))
    expect(refusal(path)).toMatch(/needs 1100 libraries, more than 1000/)
  })
})

test.skipIf(needs('libc6', 'libm.so.6'))(
  'an object that was read already takes little time',
  () => {
    const path = resolveLibrary('libm.so.6')
    for (let warm = 0; warm < 50; warm += 1) resolveClosure(path)
    const started = performance.now()
    for (let run = 0; run < 20; run += 1) resolveClosure(resolveLibrary('libm.so.6'))
    expect((performance.now() - started) / 20).toBeLessThan(1)
  },
)

function libraryFolder(): string {
  const multiarch = `lib/${hostMachine()}-linux-gnu`
  try {
    return realpathSync(`/${multiarch}`) && multiarch
  } catch {
    return 'lib64'
  }
}

/** The file with a new last segment, whose dynamic section needs one name many times. */
function withNeeds(bytes: Uint8Array, count: number): Uint8Array {
  const [PT_LOAD, PT_DYNAMIC, PT_NOTE] = [1, 2, 4]
  const [DT_NEEDED, DT_STRTAB, DT_STRSZ] = [1n, 5n, 10n]
  const offset = Math.ceil(bytes.length / 4096) * 4096
  const section = Buffer.alloc((count + 3) * 16)
  const entries = [
    [DT_STRTAB, dynamicValue(bytes, DT_STRTAB)] as const,
    [DT_STRSZ, dynamicValue(bytes, DT_STRSZ)] as const,
    ...Array.from({ length: count }, () => [DT_NEEDED, 1n] as const),
  ]
  entries.forEach(([tag, value], index) => {
    section.writeBigUInt64LE(tag, index * 16)
    section.writeBigUInt64LE(value, index * 16 + 8)
  })
  const size = BigInt(section.length)
  const region = {
    offset: BigInt(offset),
    address: BigInt(offset) + 0x100000n,
    fileSize: size,
    memorySize: size,
  }
  // A note that nobody misses becomes the segment: it stands behind the others in the table.
  const segment = { type: PT_LOAD, flags: 6, alignment: 4096n, ...region }
  const moved = patchProgramHeader(bytes, PT_DYNAMIC, 0, region)
  const head = patchProgramHeader(moved, PT_NOTE, 0, segment)
  return Buffer.concat([head, Buffer.alloc(offset - bytes.length), section])
}

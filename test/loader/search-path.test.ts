import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { resolveClosure } from '../../src/loader/closure.ts'
import { hostMachine } from '../../src/loader/elf-header.ts'
import { names, needing, places, RPATH, RUNPATH, refusal } from '../fixtures/elf/closures.ts'
import { compile, linkedWith, temporaryFolder } from '../fixtures/elf/compile.ts'
import { patch } from '../fixtures/elf/patch.ts'
import { has, ldd } from '../fixtures/elf/readelf.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))
const place = places(folder)

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
    ['$LIB', `lib/${libraryFolder()}`, RUNPATH('$ORIGIN/$LIB')],
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

function libraryFolder(): string {
  const multiarch = `lib/${hostMachine()}-linux-gnu`
  try {
    return realpathSync(`/${multiarch}`) && multiarch
  } catch {
    return 'lib64'
  }
}

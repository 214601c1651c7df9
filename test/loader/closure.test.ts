import {
  copyFileSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findExport, resolveClosure } from '../../src/loader/closure.ts'
import { readLdCache } from '../../src/loader/ld-cache.ts'
import { resolveLibrary } from '../../src/loader/search.ts'
import { names, needing, places, RUNPATH, refusal } from '../fixtures/elf/closures.ts'
import { compile, linkedWith, temporaryFolder } from '../fixtures/elf/compile.ts'
import { has, ldd } from '../fixtures/elf/readelf.ts'
import { leastCpuTime } from '../support/cpu-time.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))
const place = places(folder)

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
  ].filter((name) => readLdCache().get(name) !== undefined)

  test.each(SYSTEM)('%s', (name) => {
    const path = resolveLibrary(name)
    const closure = resolveClosure(path)
    const ours = closure.objects
      .filter((object) => object !== closure.root)
      .map((object) => object.realPath)
    // The loader lists itself whether it is needed or not.
    const theirs = [...ldd(path).values()].map((found) => realpathSync(found ?? ''))
    // Nor does it know what the C library loads later.
    const said = (found: string): boolean => !/\/ld-linux|\/libgcc_s\.so/.test(found)
    expect(ours.filter(said).sort()).toEqual(theirs.filter(said).sort())
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

test('what the C library unwinds with is needed by whoever ends threads', () => {
  const here = place()
  const ending = compile('ends-a-thread.c', join(here, 'ends.so'))
  expect(names(resolveClosure(ending))).toEqual(['libgcc_s.so.1', 'ends.so'])
  expect(names(resolveClosure(resolveLibrary('libgcc_s.so.1')))).toEqual(['libgcc_s.so.1'])
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

test('an object that was read already takes little time', () => {
  const path = resolveLibrary('libm.so.6')
  for (let warm = 0; warm < 50; warm += 1) resolveClosure(path)
  const time = leastCpuTime(() => {
    for (let run = 0; run < 20; run += 1) resolveClosure(resolveLibrary('libm.so.6'))
  })
  expect(time / 20).toBeLessThan(1)
})

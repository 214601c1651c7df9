import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { resolveClosure } from '../../src/loader/closure.ts'
import { names, needing, places, RUNPATH, refusal } from '../fixtures/elf/closures.ts'
import { compile, temporaryFolder } from '../fixtures/elf/compile.ts'
import { dynamicValue, patchDynamic, patchProgramHeader } from '../fixtures/elf/patch.ts'
import { cpuTime } from '../support/cpu-time.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))
const place = places(folder)

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
    let message = ''
    const time = cpuTime(() => {
      message = refusal(join(here, 'm000.so'))
    })
    expect(message).toMatch(/m000\.so: needs more than 250 objects/)
    expect(time).toBeLessThan(1000)
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

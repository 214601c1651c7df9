import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isTypeName, types } from '../../src/abi/names.ts'

/** Names that no header of C defines. */
const ours: Record<string, string> = {
  int8: 'int8_t',
  uint8: 'uint8_t',
  int16: 'int16_t',
  uint16: 'uint16_t',
  int32: 'int32_t',
  uint32: 'uint32_t',
  int64: 'int64_t',
  uint64: 'uint64_t',
  float32: 'float',
  float64: 'double',
  // Defined by C23 and C++20 only
  char8_t: 'unsigned char',
  // Ours: no C header names an encoding
  latin1_t: 'unsigned char',
}

const sized = Object.entries(types).filter(([, type]) => type.kind !== 'void')

describe('type names', () => {
  let folder: string
  let facts: Map<string, string>

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'names-'))
    const lines = sized.map(([name]) => {
      const c = ours[name] ?? name
      return `printf("%s:%zu %d %d\\n", "${name}", sizeof(${c}), (${c})-1 < (${c})1, (${c})1 / 2 > 0);`
    })
    const headers = ['stdbool', 'stddef', 'stdint', 'stdio', 'sys/socket', 'sys/types', 'time']
    const includes = [...headers, 'uchar'].map((name) => `#include <${name}.h>\n`).join('')
    const source = join(folder, 'names.c')
    writeFileSync(source, `${includes}int main(void) {\n${lines.join('\n')}\n}\n`)
    execFileSync('cc', ['-w', '-fsigned-char', '-o', join(folder, 'names'), source])
    const printed = execFileSync(join(folder, 'names'), { encoding: 'utf8' })
    facts = new Map(
      printed
        .trim()
        .split('\n')
        .map((line) => line.split(':') as [string, string]),
    )
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(sized)('%s is what the C compiler makes of it', (name, type) => {
    const size = type.kind === 'bool' ? 1 : 'size' in type ? type.size : undefined
    const signed = type.kind === 'float' || (type.kind === 'integer' && type.signed)
    // wchar_t is unsigned on some processors; its size is the same.
    const expected = `${size} ${Number(signed)} ${Number(type.kind === 'float')}`
    if (name === 'wchar_t') expect(facts.get(name)).toMatch(/^4 [01] 0$/)
    else expect(facts.get(name)).toBe(expected)
  })

  it('gives one type to all spellings of it', () => {
    expect(types['unsigned']).toBe(types['unsigned int'])
    expect(types['signed long long int']).toBe(types['long long'])
    expect(types['long long'].name).toBe('long long')
    expect(types['float64']).toBe(types['double'])
  })

  it('keeps the names of different types', () => {
    expect(types.size_t).toEqual({ kind: 'integer', name: 'size_t', size: 8, signed: false })
    expect(types.char).toEqual({ kind: 'integer', name: 'char', size: 1, signed: true })
    expect(types['signed char'].name).toBe('signed char')
  })

  it('has no names of objects', () => {
    expect(isTypeName('size_t')).toBe(true)
    expect(isTypeName('toString')).toBe(false)
    expect(isTypeName('__proto__')).toBe(false)
    expect(isTypeName('')).toBe(false)
  })
})

/** What a fat thread holds of its own, by the kernel's count. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'

/** Kilobytes that only this process maps, by the name of the mapping and whether it may write there. */
function privateMemory(pid: number): { name: string; writable: boolean; kilobytes: number }[] {
  const mappings: { name: string; writable: boolean; kilobytes: number }[] = []
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'latin1').split('\n')) {
    const mapping = /^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line)
    if (mapping !== null) {
      const [, permissions = '', name = ''] = mapping
      mappings.push({ name, writable: permissions.includes('w'), kilobytes: 0 })
    }
    const last = mappings.at(-1)
    const counted = /^Private_(?:Clean|Dirty):\s+(\d+) kB/.exec(line)
    if (counted !== null && last !== undefined) last.kilobytes += Number(counted[1])
  }
  return mappings
}

test('is what it wrote: sealed copies are the program’s, and counted as shared', async () => {
  await using libm = await open('libm.so.6', { cos: 'double cos(double)' })
  await libm.symbols.cos(0)
  const mappings = privateMemory(libm.thread.pid as number)
  const copies = mappings.filter(({ name }) => name.startsWith('/memfd:fat-thread'))
  expect(copies.filter(({ writable }) => writable).length).toBeGreaterThan(0)
  // What the loader relocated is the process's own.
  const relocated = 16
  for (const { name, writable, kilobytes } of copies)
    if (!writable) expect(kilobytes, name).toBeLessThanOrEqual(relocated)
  const sum = mappings.reduce((all, { kilobytes }) => all + kilobytes, 0)
  expect(sum).toBeLessThanOrEqual(process.env['FAT_THREADS_NATIVE'] === 'sanitized' ? 1e6 : 250)
})

/** What a fat thread holds of its own, by the kernel's count. */
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'

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

const MIB = 2 ** 20

/** Pages that the process touched for the first time, since it began. */
function faults(pid: number): number {
  const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')
  return Number(after.split(' ')[7])
}

const inMemory = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024

const sanitized = process.env['FAT_THREADS_NATIVE'] === 'sanitized'

// The sanitizers have a heap of their own.
for (const threads of sanitized ? [] : [1, 2])
  test(`large blocks are kept between calls, and given back later, with ${threads} lane(s)`, async () => {
    await using library = await open(
      fixture('takes-large-blocks'),
      { work: 'int work(uint64_t bytes)' },
      { threads },
    )
    const { work } = library.symbols
    const pid = library.thread.pid as number
    const small = inMemory(pid)
    const calls = 20
    for (let call = 0; call < calls; call++) await Promise.all([work(4 * MIB), work(4 * MIB)])
    const before = faults(pid)
    for (let call = 0; call < calls; call++) await Promise.all([work(4 * MIB), work(4 * MIB)])
    const pages = (2 * 4 * MIB) / 4096
    expect(faults(pid) - before).toBeLessThan(pages)
    await vi.waitFor(() => expect(inMemory(pid)).toBeLessThan(small + 2 * MIB), 10_000)
    expect(await work(MIB)).toBe(1)
  })

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
  expect(sum).toBeLessThanOrEqual(sanitized ? 1e6 : 250)
})

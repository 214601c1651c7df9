/** Where the benchmarks' subjects run, and what else happens meanwhile. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { runJson } from '../cli/run.ts'

vi.setConfig({ testTimeout: 120_000 })

const { placing, under, conditionsOf, seriesUnder } = await import(
  new URL('../../bench/harness/conditions.mjs', import.meta.url).href
)

const measure = {
  series: [{ name: 'a' }, { name: 'b', condition: 'busy' }, { name: 'c' }],
}

/** Processes of this one that only compute. */
function busyOnes(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      return /^Name:\tis-busy$/m.test(status) && status.includes(`\nPPid:\t${process.pid}\n`)
    } catch {
      return false // it has just ended
    }
  })
}

describe('a condition', () => {
  test('is that of some of the series', () => {
    expect(conditionsOf(measure)).toEqual(['ordinary', 'busy'])
    expect(seriesUnder(measure, 'ordinary')).toEqual([{ name: 'a' }, { name: 'c' }])
    expect(seriesUnder(measure, 'busy')).toEqual([{ name: 'b', condition: 'busy' }])
  })

  test('may be one processor', () => {
    const count = (name: string) => {
      const words = [...placing(name), process.execPath, '-p', 'os.availableParallelism()']
      return Number(execFileSync(words[0] as string, words.slice(1), { encoding: 'utf8' }))
    }
    expect(count('one-core')).toBe(1)
    expect(placing('ordinary')).toEqual([])
  })

  test('may be neighbours, which are gone afterwards, even if something fails', async () => {
    expect(await under('busy', async () => busyOnes().length)).toBe(2)
    expect(busyOnes()).toEqual([])
    const failing = under('busy', () => Promise.reject(new Error('no')))
    await expect(failing).rejects.toThrow('no')
    expect(busyOnes()).toEqual([])
    expect(await under('ordinary', async () => busyOnes())).toEqual([])
  })
})

test('a measure has its series under each', () => {
  const { status, json } = runJson('bench', 'busy-sync-call', '--quick')
  expect(status).toBe(0)
  const [{ series }] = (json as { measures: { series: { name: string; rows: object[] }[] }[] })
    .measures as [{ series: { name: string; rows: object[] }[] }]
  expect(series.map(({ name }) => name)).toEqual([
    'two cores',
    'two cores, busy',
    'one core',
    'one core, busy',
  ])
  for (const { rows } of series)
    for (const row of rows) expect(row).toMatchObject({ median: expect.any(Number) })
})

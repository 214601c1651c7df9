/** What the measures say of themselves holds together. */
import { describe, expect, test, vi } from 'vitest'
import { runJson } from '../cli/run.ts'

vi.setConfig({ testTimeout: 120_000 })

interface Series {
  readonly name: string
  readonly key?: string
}

interface Listed {
  readonly subject: string
  readonly workload?: string
  readonly bar?: { readonly of?: string }
}

interface Measure {
  readonly name: string
  readonly subjects: readonly Listed[]
}

interface Results {
  readonly measures: readonly {
    readonly name: string
    readonly series: readonly { readonly rows: readonly { readonly median?: number }[] }[]
  }[]
}

const load = (name: string) => import(new URL(`../../bench/${name}`, import.meta.url).href)
const { MEASURES } = (await load('measures/index.mjs')) as { MEASURES: readonly Measure[] }
const { SUBJECTS } = await load('subjects/index.mjs')
const { seriesOf, keyOf } = await load('harness/series.mjs')

describe.each(MEASURES.map((measure) => [measure.name, measure] as const))(
  '%s',
  (name, measure) => {
    const keys: string[] = seriesOf(measure).map((series: Series) => keyOf(series))

    test('has series that can be told apart, and bars for some that there are', () => {
      expect(new Set(keys).size).toBe(keys.length)
      const bars = measure.subjects.flatMap(({ bar }) => (bar?.of === undefined ? [] : [bar.of]))
      expect(keys).toEqual(expect.arrayContaining(bars))
    })

    test('has subjects that can do it', async () => {
      for (const { subject, workload = name } of measure.subjects) {
        if (subject === 'node-ffi') continue // not every Node has it
        const { workloads } = await SUBJECTS[subject]()
        expect(workloads[workload], `${subject}: ${workload}`).toBeTypeOf('function')
      }
    })
  },
)

test('lanes and pools are measured', () => {
  const { status, json } = runJson('bench', 'lanes', 'pool', '--quick', '--rounds', '1')
  expect(status).toBe(0)
  const { measures } = json as Results
  expect(measures.map(({ name }) => name)).toEqual(['lanes', 'pool'])
  for (const { series } of measures)
    for (const { rows } of series)
      for (const row of rows) expect(row).toMatchObject({ median: expect.any(Number) })
})

import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { Scratch } from '../support/scratch.ts'
import { run, runJson } from './run.ts'

vi.setConfig({ testTimeout: 120_000 })

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

interface Results {
  readonly machine: { readonly cores: number; readonly node: string }
  readonly measures: readonly {
    readonly name: string
    readonly unit: string
    readonly series: readonly {
      readonly rows: readonly {
        readonly subject: string
        readonly median?: number
        readonly failed?: boolean
        readonly ratio?: { readonly median: number }
      }[]
    }[]
  }[]
}

describe('a quick run', () => {
  const folder = scratch.path('kept')
  const words = ['bench', 'awaited-call', 'struct-call', '--quick', '--save', folder]
  const { status, json, stderr } = runJson(...words)
  const { machine, measures } = json as Results

  test('measures what was asked for, and each subject of it', () => {
    expect(status).toBe(0)
    expect(stderr).toMatch(/^awaited-call \.+ [\d.]+ s\n/)
    expect(machine.node).toBe(process.versions.node)
    expect(measures.map(({ name }) => name)).toEqual(['awaited-call', 'struct-call'])
    for (const { series } of measures)
      for (const { rows } of series)
        for (const [at, row] of rows.entries()) {
          expect(row.failed, row.subject).toBeUndefined()
          expect(row.median, row.subject).toBeGreaterThan(0)
          if (at > 0) expect(row.ratio?.median, row.subject).toBeGreaterThan(0)
        }
  })

  test('is kept as numbers, pictures and a page', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'README.md',
      'awaited-call.svg',
      'results.json',
      'struct-call.svg',
    ])
    expect(JSON.parse(readFileSync(`${folder}/results.json`, 'utf8'))).toEqual(json)
    expect(readFileSync(`${folder}/awaited-call.svg`, 'utf8')).toMatch(/^<svg [\s\S]*koffi \.async/)
    expect(readFileSync(`${folder}/README.md`, 'utf8')).toContain('](awaited-call.svg)')
  })
})

test('--list names the measures', () => {
  const { status, stdout } = run('bench', '--list')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^sync-call: .*\nawaited-call: /)
})

test('wrong usage ends with status 2 before anything is measured', () => {
  for (const [words, message] of [
    [['no-such'], 'no such measure: no-such'],
    [['--rounds', '0'], '--rounds takes a positive whole number, not 0'],
    [['--rounds', 'x'], '--rounds takes a positive whole number, not x'],
  ] as const) {
    const { status, json, stderr } = runJson('bench', ...words)
    expect({ status, json }).toMatchObject({ status: 2, json: { error: { message } } })
    expect(stderr).toContain(message)
  }
})

/** The whole table, made once on this machine, and what the project claims of it. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { LABORATORY, SOURCES } from '../../src/cli/strategies/laboratory.ts'
import { run } from '../cli/run.ts'
import { needs } from '../support/needs.ts'
import { type Cell, type Made, makeTable, settled } from './table.ts'

/** As long as several files of tests beside it on two processors may stretch it. */
vi.setConfig({ hookTimeout: 400_000, testTimeout: 200_000 })

const withoutCrypto = needs('libssl3', 'libcrypto.so.3')

let made: Made
beforeAll(async () => {
  made = await makeTable()
})

function cell(behaviour: string, strategy: string): Cell {
  const found = made.table.cells.find(
    (each) => each.behaviour === behaviour && each.strategy === strategy,
  )
  if (found === undefined) throw new Error(`no cell of ${behaviour} and ${strategy}`)
  return found
}

/** Behaviours that this machine can try. */
const tried = (): Made['table']['behaviours'] =>
  made.table.behaviours.filter(({ id }) => id !== 'libcrypto' || !withoutCrypto)

describe('the table', () => {
  test('has one cell for each pair, with a sentence and what was observed', () => {
    const { strategies, behaviours, cells } = made.table
    expect(Object.keys(made.table)).toEqual(['strategies', 'behaviours', 'cells'])
    expect(cells.map(({ behaviour, strategy }) => [behaviour, strategy])).toEqual(
      behaviours.flatMap(({ id }) => strategies.map((strategy) => [id, strategy.id])),
    )
    for (const { reason, outcome, milliseconds } of cells) {
      expect(reason).toMatch(/^\S.+[.)]$/)
      expect(['contained', 'harmed', 'not-applicable', 'not-testable']).toContain(outcome)
      expect(milliseconds).toBeGreaterThan(0)
    }
    expect(made.status).toBe(0)
  })

  test('names no folder of this machine', () => {
    expect(settled(made.table).filter((text) => text.includes(LABORATORY))).toEqual([])
  })

  test('says what each strategy costs', () => {
    for (const { id, costs } of made.table.strategies) {
      expect(costs?.start, id).toBeGreaterThan(0)
      expect(costs?.call, id).toBeGreaterThan(0)
      expect(costs?.memory, id).toBeGreaterThan(0)
    }
  })

  test('shows its progress', () => {
    expect(made.stderr.split('\n').length).toBeGreaterThan(5)
  })

  test('has a source for each strategy and each behaviour, and uses each', () => {
    const names = (folder: string): string[] =>
      readdirSync(join(SOURCES, folder)).filter((name) => name.endsWith('.c'))
    const used = made.table.behaviours.flatMap((behaviour) =>
      (behaviour as unknown as { libraries: string[] }).libraries.map((name) => `${name}.c`),
    )
    expect([...new Set([...used, 'loads-slowly.c'])].sort()).toEqual(names('deeds').sort())
    const strategies = made.table.strategies.flatMap((strategy) => {
      const { source } = strategy as unknown as { source?: string }
      return source === undefined ? [] : [source]
    })
    expect([...new Set(strategies)].sort()).toEqual(names('strategies').sort())
  })
})

describe('controls', () => {
  test('some strategy comes to harm from every behaviour', () => {
    for (const { id, controls } of tried()) {
      const outcomes = controls.map((control) => cell(id, control).outcome)
      expect(outcomes, id).toContain('harmed')
    }
  })

  test('in Node, too, where harm does not need a second C library or a copy', () => {
    const safe = ['thread-data', 'output', 'loader', 'image']
    for (const { id } of tried().filter((each) => !safe.includes(each.id)))
      expect(cell(id, 'node').outcome, id).toBe('harmed')
  })
})

describe('a fat thread', () => {
  test('contains every behaviour', () => {
    for (const { id } of tried()) {
      const { outcome, reason } = cell(id, 'fat-thread')
      expect(outcome, `${id}: ${reason}`).toBe('contained')
    }
  })
})

/** What the article says, and what is observed. */
describe('the article', () => {
  test.each([
    ['dlopen: hlt ends the program', 'hlt', 'dlopen', 'harmed'],
    ['a handler of the signal survives it', 'hlt', 'handlers', 'contained'],
    ['and masks other problems', 'heap', 'handlers', 'harmed'],
    ['fork contains the crash', 'hlt', 'fork', 'contained'],
    ['fork: every descriptor can be read', 'descriptors', 'fork', 'harmed'],
    ['so they can without fork', 'descriptors', 'dlopen', 'harmed'],
    ['fork: structures in memory, too', 'memory', 'fork', 'harmed'],
    ['exec: descriptors that are not marked, too', 'descriptors', 'exec', 'harmed'],
    ['exec: memory is gone', 'memory', 'exec', 'contained'],
    ['RTLD_DEEPBIND separates names', 'name', 'deepbind', 'contained'],
    ['RTLD_DEEPBIND: parent data can still be read', 'descriptors', 'deepbind', 'harmed'],
    ['dlmopen separates names', 'name', 'dlmopen', 'contained'],
    ['dlmopen: trouble with what is shared (glibc bug 24776)', 'thread-data', 'dlmopen', 'harmed'],
    ['clone is fork after all: the image is copied', 'image', 'clone', 'harmed'],
    ['the executable object in a clone copies it, too', 'image', 'executable-object', 'harmed'],
    ['exec binds only what the entry point needs', 'image', 'exec', 'contained'],
    ['a thread of the library does not survive dlclose', 'thread', 'dlopen', 'harmed'],
    // It expects that dlmopen puts the descriptors out of reach. It does not: only the print-out is missing.
    ['dlmopen: descriptors are read all the same', 'descriptors', 'dlmopen', 'harmed'],
  ])('%s', (_claim, behaviour, strategy, outcome) => {
    expect(cell(behaviour, strategy).outcome).toBe(outcome)
  })

  test('what a library in another namespace printed does not arrive', () => {
    expect(cell('descriptors', 'dlopen').evidence).toContainEqual(['printed by the library', 'yes'])
    expect(cell('descriptors', 'dlmopen').evidence).toContainEqual(['printed by the library', 'no'])
    expect(cell('output', 'dlmopen').outcome).toBe('harmed')
  })

  test('a shared object with an entry point can be executed', () => {
    expect(execFileSync(join(LABORATORY, 'object.so'), { encoding: 'utf8' })).toBe('')
  })
})

describe('asked for one behaviour', () => {
  test('it observes what it observed before', async () => {
    const again = await makeTable('image', 'handler')
    const before = made.table.cells.filter(({ behaviour }) =>
      ['image', 'handler'].includes(behaviour),
    )
    expect(settled(again.table).toSorted()).toEqual(
      settled({ ...made.table, cells: before }).toSorted(),
    )
  })

  test('wrong usage', () => {
    const { status, stderr } = run('strategies', 'nonsense')
    expect({ status, says: stderr.includes('there is no behaviour nonsense') }).toEqual({
      status: 2,
      says: true,
    })
    expect(run('strategies', '--help').stdout).toContain('thread-data')
  })
})

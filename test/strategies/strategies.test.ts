/**
 * The whole table, made once on this machine, and what the project claims of it. With UPDATE_DOCS=1 its page and a
 * picture are kept in `docs/`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { BEHAVIOURS } from '../../src/cli/strategies/behaviours/index.ts'
import { LABORATORY, libraryPath, SOURCES } from '../../src/cli/strategies/laboratory.ts'
import { STRATEGIES } from '../../src/cli/strategies/strategies.ts'
import { run } from '../cli/run.ts'
import { needs, needsCommand } from '../support/needs.ts'
import { Scratch } from '../support/scratch.ts'
import { launch, leastContrast, openPage, overflow } from './browser.ts'
import { type Cell, type Made, makeTable, settled } from './table.ts'

/** As long as several files of tests beside it on two processors may stretch it. */
vi.setConfig({ hookTimeout: 400_000, testTimeout: 200_000 })

const withoutCrypto = needs('libssl3', 'libcrypto.so.3')

const scratch = new Scratch()
const file = scratch.path('strategies.html')
afterAll(() => scratch[Symbol.dispose]())

let made: Made
beforeAll(async () => {
  made = await makeTable('--html', file)
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
      readdirSync(join(SOURCES, folder))
        .filter((name) => name.endsWith('.c'))
        .sort()
    const used = BEHAVIOURS.flatMap(({ libraries }) => libraries.map((name) => `${name}.c`))
    expect([...new Set([...used, 'loads-slowly.c'])].sort()).toEqual(names('deeds'))
    const sources = STRATEGIES.flatMap(({ source }) => (source === undefined ? [] : [source]))
    expect([...new Set(sources)].sort()).toEqual(names('strategies'))
    const witnesses = BEHAVIOURS.flatMap(({ witness }) => (witness === undefined ? [] : [witness]))
    expect([...new Set(witnesses)].map((name) => `${name}.c`).sort()).toEqual(names('witnesses'))
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

  test('unless standard output is a terminal, which takes line after line', () => {
    const words = ['trial', 'dlmopen', 'descriptors', '5000', '5000', '0']
    const command = [
      join(LABORATORY, 'laboratory'),
      ...words,
      libraryPath('reads-every-descriptor'),
    ]
    const options = { cwd: scratch.folder, encoding: 'utf8' } as const
    const whole = `'${command.join("' '")}' 3>/dev/null`
    const terminal = spawnSync('script', ['--quiet', '--command', whole, '/dev/null'], options)
    expect(terminal.stdout).toContain('parent data')
    expect(spawnSync('sh', ['-c', whole], options).stdout).toBe('')
  })

  test('a position-independent executable is refused where a shared object is not', () => {
    const words = ['none', '5000', '5000', '0', join(LABORATORY, 'runner')]
    const { output } = spawnSync(join(LABORATORY, 'laboratory'), ['trial', 'dlmopen', ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    expect(output[3]).toContain('cannot dynamically load position-independent executable')
  })

  test('a shared object with an entry point can be executed', () => {
    expect(execFileSync(join(LABORATORY, 'object.so'), { encoding: 'utf8' })).toBe('')
  })
})

describe('a program that is not the one that was built', () => {
  /** Tries one strategy in a copy of the laboratory whose runner was changed. */
  function withOtherRunner(strategy: string): string {
    const folder = scratch.path(`laboratory-${strategy}`)
    cpSync(LABORATORY, folder, { recursive: true })
    appendFileSync(join(folder, 'runner'), 'changed')
    const words = ['trial', strategy, 'none', '5000', '5000', '0', join(folder, 'answers.so')]
    const { output } = spawnSync(join(folder, 'laboratory'), words, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    return output[3] ?? ''
  }

  test('is executed by its path', () => {
    expect(withOtherRunner('exec')).toContain('answer\tdeed\t42')
  })

  test('is refused where its hash is verified', () => {
    expect(withOtherRunner('fexecve')).toContain('refused\tload\tthe runner is not the one')
  })

  test('is of no account where it is embedded', () => {
    expect(withOtherRunner('memfd')).toContain('answer\tdeed\t42')
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
    const nowhere = run('strategies', '--html', '/nowhere/page.html')
    expect(nowhere.status).toBe(2)
    expect(nowhere.stderr).toContain('name a file that can be written')
    expect(nowhere.stderr, 'nothing was tried before').not.toContain('/403')
  })
})

/** What is kept in `docs/`. */
const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url))
/** Pixels below the table. */
const MARGIN = 32
const UPDATE = process.env['UPDATE_DOCS'] === '1'

const idsOf = (html: string): string[] =>
  [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id as string)

describe('the page', () => {
  test('has a place for each cell, each once, and every link in it leads somewhere', () => {
    const html = readFileSync(file, 'utf8')
    const ids = idsOf(html)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { behaviour, strategy } of made.table.cells)
      expect(ids).toContain(`${behaviour}--${strategy}`)
    for (const [, target] of html.matchAll(/ href="([^"]*)"/g))
      expect(target === 'data:,' || ids.includes(target?.slice(1) ?? ''), target).toBe(true)
  })

  test('is kept in docs/ with the same cells, and the chapter leads to them', () => {
    if (UPDATE) copyFileSync(file, join(DOCS, 'strategies.html'))
    const kept = readFileSync(join(DOCS, 'strategies.html'), 'utf8')
    expect(idsOf(kept).sort()).toEqual(idsOf(readFileSync(file, 'utf8')).sort())
    const chapter = readFileSync(join(DOCS, 'strategies.md'), 'utf8')
    const links = [...chapter.matchAll(/\]\(strategies\.html#([^)]+)\)/g)].map(([, id]) => id)
    expect(links.length).toBeGreaterThan(30)
    const ids = idsOf(kept)
    for (const link of links) expect(ids, link).toContain(link)
  })
})

describe.skipIf(needsCommand('chromium', 'chromium'))('the page in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  test.each([390, 768, 1280])('%i pixels wide: nothing is cut off', async (width) => {
    const { page, requests, errors } = await openPage(browser, file, { width })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    // With all sources unfolded, too.
    await page.evaluate(
      'document.querySelectorAll("details").forEach((each) => { each.open = true })',
    )
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    expect({ requests, errors }).toEqual({ requests: [], errors: [] })
    await page.close()
  })

  test.each(['light', 'dark'])('%s: every text can be read', async (scheme) => {
    const { page } = await openPage(browser, file, { width: 1280, dark: scheme === 'dark' })
    const { name, ratio } = await leastContrast(page)
    expect(ratio, name).toBeGreaterThanOrEqual(4.5)
    await page.close()
  })

  test('on paper', async () => {
    const { page } = await openPage(browser, file, { width: 700 })
    await page.emulateMedia({ media: 'print' })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await page.close()
  })

  test('a mark leads to the sentence of its cell', async () => {
    const { page } = await openPage(browser, file, { width: 1280 })
    await page.click('a[href="#descriptors--dlmopen"]')
    expect(page.url()).toContain('#descriptors--dlmopen')
    const text = await page.textContent('tr:target')
    expect(text).toContain(cell('descriptors', 'dlmopen').reason)
    expect(text).toContain('harmed')
    await page.close()
  })

  test('on a phone each mark says whose it is', async () => {
    const { page } = await openPage(browser, file, { width: 390 })
    expect(await page.isVisible('a[href="#hlt--fork"] .name')).toBe(true)
    expect(await page.textContent('a[href="#hlt--fork"] .name')).toBe('fork')
    expect(await page.getAttribute('a[href="#hlt--fork"]', 'aria-label')).toBe(
      'fork, executes hlt: contained',
    )
    await page.close()
  })

  test('a picture of the table is kept', async () => {
    const { page } = await openPage(browser, file, { width: 1080 })
    const table = await page.locator('.overview').boundingBox()
    if (table === null) throw new Error('the table is not to be seen')
    const height = Math.ceil(table.y + table.height + MARGIN)
    const clip = { x: 0, y: 0, width: 1080, height }
    const picture = await page.screenshot({ fullPage: true, clip })
    if (UPDATE) writeFileSync(join(DOCS, 'strategies.png'), picture)
    expect(existsSync(join(DOCS, 'strategies.png'))).toBe(true)
    // Not one colour: the marks are there.
    expect(picture.length).toBeGreaterThan(50_000)
    await page.close()
  })
})

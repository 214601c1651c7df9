/** The guide for those who come from elsewhere: what it says to write, runs. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import * as fatThreads from '../src/index.ts'
import { FatThread } from '../src/index.ts'

const guide = readFileSync(new URL('../docs/coming-from-koffi.md', import.meta.url), 'utf8')

/** The right-hand code of each table, by its heading. */
const tables = guide
  .split(/^## /m)
  .map((section) => {
    const [heading = '', ...lines] = section.split('\n')
    const code = lines.flatMap((line) => {
      const [, cell] = /^\|.*\| `([^`]+)` \|$/.exec(line) ?? []
      return cell === undefined ? [] : [cell]
    })
    return [heading, code] as const
  })
  // The first one says in words what is different.
  .filter(([heading, code]) => code.length > 0 && heading !== 'koffi: change one import')

// biome-ignore lint/complexity/noBannedTypes: there is no other name for it
const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => Function

const threads: FatThread[] = []
const { open, ...names } = fatThreads
/** Closes what a table leaves open. */
const opened = async (...given: Parameters<typeof open>): Promise<unknown> => {
  const library = await open(...given)
  threads.push(library.thread)
  return library
}
afterAll(() => Promise.all(threads.map((thread) => thread.close())))

describe('coming from', () => {
  test('there are tables', () => {
    expect(tables.map(([heading]) => heading)).toEqual([
      'koffi, to the interface of fat-threads',
      'ffi-napi and ref-napi',
      'node:ffi',
      'Deno',
      'ctypes and cffi',
    ])
    expect(tables.flatMap(([, code]) => code).length).toBeGreaterThan(50)
  })

  test.each(tables)('%s', async (_heading, code) => {
    const exports = { ...names, open: opened }
    const run = new AsyncFunction(...Object.keys(exports), code.join('\n;'))
    await run(...Object.values(exports))
    expect(threads.every((thread) => thread instanceof FatThread)).toBe(true)
  })
})

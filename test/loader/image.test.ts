/** Sealed copies: shared, kept for a while, and never another content than the file's. */
import { copyFileSync, readdirSync, readFileSync, readlinkSync, utimesSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { planLoad } from '../../src/loader/load-plan.ts'
import { fixture } from '../fixtures/build.ts'
import { Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const SOURCE = fixture('obeys')
/** As `src/loader/image.ts` has it. */
const MOST_KEPT = 8

function copies(): number {
  return readdirSync('/proc/self/fd').filter((entry) => {
    try {
      return readlinkSync(`/proc/self/fd/${entry}`).includes('fat-thread-object')
    } catch {
      return false // the descriptor that reads the folder
    }
  }).length
}

/** Copies are the program's memory too. */
function mappings(): number {
  const maps = readFileSync('/proc/self/maps', 'utf8')
  return maps.match(/ \/memfd:fat-thread-object/g)?.length ?? 0
}

function copyOf(path: string): number {
  const plan = planLoad(path)
  const descriptor = plan.objects.at(-1)?.image?.descriptor
  plan.release()
  return descriptor as number
}

function library(name: string): string {
  copyFileSync(SOURCE, scratch.path(name))
  return scratch.path(name)
}

test('a library that was let go is there for whoever opens it again', () => {
  const path = library('again.so')
  const first = copyOf(path)
  const before = copies()
  expect(copyOf(path)).toBe(first)
  expect(copies()).toBe(before)
})

test('a file that changed is copied anew', () => {
  const path = library('changes.so')
  const plan = planLoad(path)
  const held = plan.objects.at(-1)?.image
  utimesSync(path, 1, 1)
  const changed = planLoad(path)
  expect(changed.objects.at(-1)?.image?.descriptor).not.toBe(held?.descriptor)
  plan.release()
  changed.release()
})

test('only the last ones are kept', () => {
  const paths = Array.from({ length: 3 * MOST_KEPT }, (_, index) => library(`many-${index}.so`))
  for (const path of paths) copyOf(path)
  expect(copies()).toBeLessThanOrEqual(MOST_KEPT)
  expect(mappings()).toBe(copies())
  const before = copies()
  copyOf(paths.at(-1) as string)
  expect(copies()).toBe(before)
})

test('what is held is never closed', () => {
  const plan = planLoad(library('held.so'))
  for (let index = 0; index < 2 * MOST_KEPT; index++) copyOf(library(`other-${index}.so`))
  const descriptor = plan.objects.at(-1)?.image?.descriptor
  expect(readlinkSync(`/proc/self/fd/${descriptor}`)).toContain('fat-thread-object')
  plan.release()
})

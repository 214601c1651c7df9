/** The same deeds with koffi in this process and with its interface on fat threads: the same results. */
import koffi from 'koffi'
import { afterAll, describe, expect, test } from 'vitest'
import * as door from '../../src/koffi/index.ts'
import { fixture } from '../fixtures/build.ts'
import { deeds, prepare } from './deeds.ts'

const path = fixture('takes-and-gives-everything')

afterAll(() => door.reset())

describe('as koffi does', () => {
  test.each(Object.entries(deeds))('%s', async (_name, deed) => {
    const wanted = await deed(koffi, prepare(koffi, path))
    const found = await deed(door.default, prepare(door.default, path))
    expect(found).toEqual(wanted)
  })
})

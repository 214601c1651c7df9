/** Options that do not exist where they are given, or are of another type: nothing begins. */
import { expect, test } from 'vitest'
import { FatThread, open, Pool } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { failureOf } from '../support/ways.ts'

const library = (): string => fixture('answers')
const ROWS: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'open, misspelt',
    () => open(library(), {}, { sanbox: 'strict' } as object),
    /^there is no option "sanbox"; did you mean sandbox\?$/,
  ],
  [
    'open, like nothing',
    () => open(library(), {}, { watch: true } as object),
    /^there is no option "watch"; there are permissions, .*deep$/,
  ],
  ['open.sync', () => open.sync(library(), {}, { timout: 5 } as object), /did you mean timeout\?$/],
  ['spawn', () => FatThread.spawn({ permission: {} } as object), /did you mean permissions\?$/],
  [
    'spawn, of a library',
    () => FatThread.spawn({ integrity: 'sha256-' } as object),
    /^the option integrity is not one of a fat thread but of a library$/,
  ],
  ['spawn.sync', () => FatThread.spawn.sync({ limit: {} } as object), /did you mean limits\?$/],
  ['warm', () => FatThread.warm({ byPath: true } as object), /but of a library$/],
  [
    'load, of a fat thread',
    async () => {
      await using thread = await FatThread.spawn()
      await thread.load(library(), {}, { permissions: {} } as object)
    },
    /^the option permissions is not one of a library but of a fat thread$/,
  ],
  [
    'Pool.open',
    () => Pool.open(library(), {}, { minThread: 1 } as object),
    /did you mean minThreads\?$/,
  ],
  [
    'recycle',
    () => Pool.open(library(), {}, { recycle: { maxCall: 1 } as object }),
    /did you mean maxCalls\?$/,
  ],
  [
    'with',
    async () => {
      await using opened = await open(library(), { answer: 'int answer(void)' })
      await opened.symbols.answer.with({ timout: 5 } as object)()
    },
    /did you mean timeout\?$/,
  ],
  [
    'a library that is no text',
    () => open(5 as unknown as string),
    /^library must be .* not number$/,
  ],
  ['no library', () => open(undefined as unknown as string), /^library must be .* not undefined$/],
  [
    'integrity',
    () => open(library(), {}, { integrity: null as unknown as undefined }),
    /^integrity must be .* not null$/,
  ],
  [
    'searchPaths',
    () => open(library(), {}, { searchPaths: '/tmp' as unknown as undefined }),
    /^searchPaths must be an array of paths$/,
  ],
]

test.each(ROWS)('%s', async (_, act, message) => {
  const error = await failureOf(async () => act())
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message).toMatch(message)
})

test('undefined is no option', async () => {
  await using opened = await open(library(), {}, { nothing: undefined } as object)
  expect(opened.thread.state).toBe('running')
})

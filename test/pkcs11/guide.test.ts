/** What the page about PKCS #11 says to write, runs. */
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Module } from '../../src/pkcs11/index.ts'
import { makeToken, needsSoftHsm, SOFTHSM, SoftHsm, USER_PIN } from '../support/softhsm.ts'

const page = new URL('../../docs/pkcs11.md', import.meta.url)

/** All but the options, whose files are the reader's. */
const code = [...readFileSync(page, 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm)]
  .map(([, block = '']) => block)
  .filter((block) => !block.startsWith('const options'))

// biome-ignore lint/complexity/noBannedTypes: there is no other name for it
const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => Function

describe.skipIf(needsSoftHsm())('the page', () => {
  let softHsm: SoftHsm

  beforeAll(async () => {
    softHsm = new SoftHsm()
    const module = await Module.open(SOFTHSM, softHsm.options)
    await makeToken(module, 'the page')
    await module.close()
  })

  afterAll(() => softHsm?.[Symbol.dispose]())

  test('runs', async () => {
    expect(code).toHaveLength(5)
    const output: Uint8Array[] = []
    const names = {
      Module,
      options: softHsm.options,
      askForPin: () => USER_PIN,
      digest: createHash('sha256').update('text').digest(),
      console: { log: () => {} },
      createReadStream,
      file: page,
      output,
    }
    const text = code
      .join('\n')
      .replace(/^import .*$/gm, '')
      // Node 20 doesn't know the statement.
      .replace(/await using (\w+) =/g, 'const $1 = opened[opened.length] =')
    const opened: AsyncDisposable[] = []
    try {
      await new AsyncFunction('opened', ...Object.keys(names), text)(
        opened,
        ...Object.values(names),
      )
    } finally {
      for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
    }
    expect(opened).toHaveLength(2)
    expect(Buffer.concat(output).length).toBeGreaterThan(readFileSync(page).length)
  })
})

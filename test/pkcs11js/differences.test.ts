/** What the guide says is different: each line of its table is shown here, on both where npm's package survives it. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LoadError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { needsSoftHsm, SOFTHSM } from '../support/softhsm.ts'
import { stopwatch } from '../support/stopwatch.ts'
import {
  failure,
  handle,
  implementations,
  isolated,
  load,
  type Methods,
} from './implementations.ts'
import { tokenOn } from './token.ts'

const MODULE = fixture('writes-calls-down')
const S = handle(5)
const inProcess = implementations.find(({ isIsolated }) => !isIsolated)

const mine = (): Methods => load(isolated.pkcs11js(), MODULE)
/** npm's, where it is there. */
const theirs = (): Methods | undefined => inProcess && load(inProcess.pkcs11js(), MODULE)
const log = (loaded: Methods): string => String(loaded['C_GetOperationState']?.(S))

/** What both write down. */
function noted(run: (loaded: Methods) => unknown): { mine: string; theirs: string | undefined } {
  const [own, other] = [mine(), theirs()]
  for (const loaded of [own, other]) if (loaded !== undefined) log(loaded)
  run(own)
  if (other !== undefined) run(other)
  return { mine: log(own), theirs: other && log(other) }
}

const CRASHES = handle(0xdead)
const HANGS = handle(0x4a6e)

const shown: Readonly<Record<string, () => unknown>> = {
  'A module that crashes ends the program.': async () => {
    const loaded = mine()
    expect(await failure(() => loaded['C_Logout']?.(CRASHES))).toMatchObject({ code: 48 })
    expect(loaded['C_GetInfo']?.().flags).toBe(0xffff_ffff)
  },
  'A module may do all that the program may.': async () => {
    const loaded = new (isolated.pkcs11js().PKCS11)()
    loaded['load']?.(SOFTHSM, { permissions: {}, profile: 'none' })
    expect(await failure(() => loaded['C_Initialize']?.())).toMatchObject({
      message: expect.stringMatching(/^CKR_/),
    })
    loaded['close']?.()
    for (const { pkcs11js } of implementations) tokenOn(pkcs11js())
  },
  'Each `C_FindObjects` asks the module.': () => {
    const { mine: own, theirs: other } = noted((loaded) => {
      loaded['C_FindObjectsInit']?.(S, [])
      for (const found of [200, 201, 202])
        expect(loaded['C_FindObjects']?.(S)).toEqual(handle(found))
    })
    const calls = (lines: string): number => lines.match(/^C_FindObjects 5$/gm)?.length ?? 0
    expect(calls(own)).toBe(1)
    if (other !== undefined) expect(calls(other)).toBe(3)
  },
  '`C_SignInit` asks the module at once, and throws what it fails with.': async () => {
    const CKR_KEY_HANDLE_INVALID = 96
    const invalid = Buffer.from(`C_SignInit ${CKR_KEY_HANDLE_INVALID}`)
    const of = async (loaded: Methods): Promise<unknown> => {
      const begin = () => loaded['C_SignInit']?.(S, { mechanism: 1 }, handle(8))
      const sign = () => loaded['C_SignAsync']?.(S, Buffer.alloc(1), Buffer.alloc(1))
      for (const _twice of [1, 2]) {
        begin()
        await sign()
      }
      loaded['C_SeedRandom']?.(S, invalid)
      let hasBegun = false
      const error = await failure(async () => {
        begin()
        hasBegun = true
        await sign()
      })
      expect(error).toMatchObject({ code: CKR_KEY_HANDLE_INVALID, method: 'C_SignInit' })
      return hasBegun
    }
    expect(await of(mine())).toBe(true)
    const other = theirs()
    if (other !== undefined) expect(await of(other)).toBe(false)
  },
  'A call that hangs hangs for ever.': async () => {
    const loaded = new (isolated.pkcs11js().PKCS11)()
    // The start of its process has the same limit.
    loaded['load']?.(MODULE, { timeout: 1000 })
    expect(await failure(() => loaded['C_Logout']?.(HANGS))).toMatchObject({ code: 80 })
    loaded['close']?.()
  },
  'Objects of the class that load one module share it.': async () => {
    for (const { pkcs11js, isIsolated } of implementations) {
      const library = tokenOn(pkcs11js())
      const [first, second] = [load(pkcs11js(), library), load(pkcs11js(), library)]
      first['C_Initialize']?.()
      const outcome = await failure(() => {
        second['C_Initialize']?.()
        throw new Error('it is its own')
      })
      const message = isIsolated ? 'it is its own' : 'CKR_CRYPTOKI_ALREADY_INITIALIZED'
      expect(outcome).toMatchObject({ message })
      first['C_Finalize']?.()
    }
  },
  'A handle is what the module gave.': async () => {
    const loaded = mine()
    const first = loaded['C_OpenSession']?.(handle(1), 4)
    expect(first).toEqual(handle(77))
    await failure(() => loaded['C_Logout']?.(CRASHES))
    expect(loaded['C_OpenSession']?.(handle(1), 4)).not.toEqual(handle(77))
    expect(await failure(() => loaded['C_Logout']?.(first))).toMatchObject({ code: 179 })
  },
  'Asynchronous calls of one session run at the same time, in Node’s pool.': async () => {
    const took = async (loaded: Methods): Promise<{ passed: number; elapsed: number }> => {
      const begin = performance.now()
      const elapsed = stopwatch()
      const all = [1, 2].map(() =>
        loaded['C_DigestAsync']?.(handle(0x510), Buffer.alloc(1), Buffer.alloc(1)),
      )
      await Promise.all(all)
      return { passed: performance.now() - begin, elapsed: elapsed() }
    }
    expect((await took(mine())).passed).toBeGreaterThan(590)
    const other = theirs()
    if (other !== undefined) expect((await took(other)).elapsed).toBeLessThan(590)
  },
  'Bytes that an asynchronous call was given must not change before its end.': async () => {
    const data = Buffer.from('abc')
    const digest = mine()['C_DigestAsync']?.(handle(0x510), data, Buffer.alloc(3))
    data.fill(0)
    expect(await digest).toEqual(Buffer.from('bcd'))
  },
  '`C_Initialize` asks for the locking that its flags say.': () => {
    const found = noted((loaded) => loaded['C_Initialize']?.({ flags: 1 }))
    expect(found.mine).toContain('flags=3')
    expect(found.theirs ?? 'flags=1').toContain('flags=1')
  },
  '`libraryParameters` lose their last character.': () => {
    const found = noted((loaded) => loaded['C_Initialize']?.({ libraryParameters: 'text' }))
    expect(found.mine).toMatch(/=text$/)
    expect(found.theirs ?? '=tex').toMatch(/=tex$/)
  },
  'A token’s label that is shorter than 32 bytes is followed by what stands behind it in memory.':
    () => {
      const found = noted((loaded) => loaded['C_InitToken']?.(handle(1), 'pin', 'label'))
      expect(found.mine).toContain(`label=${'label'.padEnd(32)}`)
      expect(found.theirs ?? 'label=label').toMatch(/label=label$/)
    },
  'A wrong mechanism or template mostly ends the program.': async () => {
    expect(await failure(() => mine()['C_DigestInit']?.(S, 5))).toBeInstanceOf(TypeError)
    expect(await failure(() => mine()['C_CreateObject']?.(S, [5]))).toBeInstanceOf(TypeError)
    const thrown = new RangeError('its own')
    const throwing = {
      get mechanism() {
        throw thrown
      },
    }
    expect(await failure(() => mine()['C_DigestInit']?.(S, throwing))).toBe(thrown)
  },
  'An empty `Buffer` is `NULL` to the module, which refuses it, or only says how much room it needs.':
    async () => {
      const empty = Buffer.alloc(0)
      const found = noted((loaded) => loaded['C_Digest']?.(S, empty, Buffer.alloc(3)))
      expect(found.mine).toContain(' in=(0) ')
      // It depends on the version of Node.
      expect(found.theirs ?? ' in=null(0) ').toMatch(/ in=(null)?\(0\) /)
      expect(await failure(() => mine()['C_Digest']?.(S, Buffer.alloc(1), empty))).toMatchObject({
        message: 'CKR_BUFFER_TOO_SMALL',
      })
    },
  '`method` is empty for methods that have three forms.': async () => {
    const of = (loaded: Methods) =>
      failure(() => loaded['C_Digest']?.(handle(5, 5), Buffer.alloc(1), Buffer.alloc(1)))
    expect(await of(mine())).toMatchObject({ method: 'C_Digest' })
    const other = theirs()
    if (other !== undefined) expect(await of(other)).toMatchObject({ method: '' })
  },
  'A return value of version 3 is `CKR_VENDOR_DEFINED`.': async () => {
    const of = (loaded: Methods) => failure(() => loaded['C_Logout']?.(handle(5, 0x201)))
    expect(await of(mine())).toMatchObject({ message: 'CKR_TOKEN_RESOURCE_EXCEEDED', code: 0x201 })
    const other = theirs()
    if (other !== undefined)
      expect(await of(other)).toMatchObject({ message: 'CKR_VENDOR_DEFINED', code: 0x201 })
  },
  'A value in the template of `C_GetAttributeValue` is how much room there is.': async () => {
    const of = (loaded: Methods) =>
      loaded['C_GetAttributeValue']?.(S, S, [{ type: 3, value: Buffer.alloc(2) }])
    expect(of(mine())).toEqual([{ type: 3, value: Buffer.from('value') }])
    const other = theirs()
    if (other !== undefined)
      expect(await failure(() => of(other))).toMatchObject({ message: 'CKR_BUFFER_TOO_SMALL' })
  },
  'A module that can’t be loaded: the loader’s words.': async () => {
    const of = (pkcs11js = isolated.pkcs11js()) => failure(() => new pkcs11js.PKCS11('/no/module'))
    expect(await of()).toBeInstanceOf(LoadError)
    if (inProcess !== undefined)
      expect(await of(inProcess.pkcs11js())).toEqual(
        new Error('/no/module: cannot open shared object file: No such file or directory'),
      )
  },
}

const guide = readFileSync(new URL('../../docs/coming-from-pkcs11js.md', import.meta.url), 'utf8')
const [, table = ''] = guide.split('## What is different')
const lines = [...table.matchAll(/^\| (.+?) \| .+ \|$/gm)]
  .map(([, line]) => (line ?? '').replaceAll("'", '’'))
  .filter((line) => !line.startsWith('---') && line !== 'pkcs11js')

describe.skipIf(needsSoftHsm())('what is different', () => {
  test('is all in the guide', () => {
    expect(lines).toEqual(Object.keys(shown))
  })

  test.each(Object.entries(shown))('%s', async (_line, show) => {
    await show()
  })
})

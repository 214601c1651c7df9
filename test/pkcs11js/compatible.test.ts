/** One test file for npm's pkcs11js and what takes its place: every method, in every form. */
import { createRequire } from 'node:module'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/build.ts'
import {
  failure,
  handle,
  type Implementation,
  implementations,
  load,
  type Methods,
} from './implementations.ts'
import { type Kind, type Method, methods } from './methods.ts'
import { structures } from './structures.ts'

const require = createRequire(import.meta.url)
const MODULE = fixture('writes-calls-down')
const S = handle(5)

/** What the module wrote down since the last time, without calls that only asked for a length. */
function noted(loaded: Methods): string[] {
  const text = loaded['C_GetOperationState']?.(S).toString() as string
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line, index, all) => line !== '' && line !== all[index - 1])
}

const asynchronous = methods.filter(({ isAsync }) => isAsync)
const writing = methods.filter(({ output }) => output !== undefined)

/** Methods that pkcs11js leaves unwrapped: their errors are plain ones, `CKR_…:number`. */
const PLAIN = new Set(['C_FindObjects', 'C_CreateObject', 'C_CopyObject', 'C_SetAttributeValue'])

/** Methods that pass on as many arguments as they have: missing ones are `undefined`. */
const UNCOUNTED = new Set(['C_CreateObject', 'C_CopyObject', 'C_SetAttributeValue'])

const FIRST: Readonly<Record<Kind, string>> = {
  handle: 'a Buffer',
  number: 'a Number',
  string: 'a String',
  bytes: 'a Buffer',
  mechanism: 'an Object',
  attributes: 'an Array',
}

const WRONG: Readonly<Record<Kind, readonly unknown[]>> = {
  handle: [undefined, null, 5, 'text', {}, new ArrayBuffer(8)],
  number: [undefined, null, 5n, '5', {}, true],
  string: [undefined, null, 5, {}, Buffer.from('1234')],
  bytes: [undefined, null, 5, 'text', {}, [1, 2]],
  mechanism: [undefined, null, 5, 'text', () => {}],
  attributes: [undefined, null, 5, 'text', {}, Buffer.alloc(8)],
}

/** A callback's arguments, once it is called. */
function called(run: (callback: (...given: unknown[]) => void) => unknown): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    try {
      run((...given) => resolve(given))
    } catch (error) {
      reject(error)
    }
  })
}

/** The forms of a method that answer later. */
const later = {
  'a callback behind its arguments': async (loaded: Methods, { name }: Method, args: unknown[]) =>
    await called((callback) => loaded[name]?.(...args, callback)),
  Callback: async (loaded: Methods, { name }: Method, args: unknown[]) =>
    await called((callback) => loaded[`${name}Callback`]?.(...args, callback)),
  Async: async (loaded: Methods, { name }: Method, args: unknown[]) => {
    try {
      return [null, await loaded[`${name}Async`]?.(...args)]
    } catch (error) {
      return [error, null]
    }
  },
}

function withRv(args: readonly unknown[], rv: number): unknown[] {
  const [owner, ...others] = args
  return [handle((owner as Buffer).readUInt32LE(0), rv), ...others]
}

describe.each(implementations)('$name', (implementation: Implementation) => {
  const pkcs11js = implementation.pkcs11js()
  const shared = load(pkcs11js, MODULE)
  /** The module, with nothing written down yet. */
  const fresh = (): Methods => {
    noted(shared)
    return shared
  }

  describe('methods', () => {
    test('all are there', () => {
      const names = [
        ...['load', 'close', 'C_Initialize', 'C_Finalize', 'C_GetInfo', 'C_GetSlotList'],
        ...['C_GetOperationState', 'C_FindObjects', 'C_WaitForSlotEvent'],
        ...methods.map(({ name }) => name),
        ...asynchronous.flatMap(({ name }) => [`${name}Callback`, `${name}Async`]),
      ]
      const loaded = fresh()
      for (const name of names) expect(typeof loaded[name], name).toBe('function')
      const listed: string[] = []
      for (const name in loaded) if (name.startsWith('C_')) listed.push(name)
      const wanted = names.filter((name) => name.startsWith('C_'))
      expect(wanted.filter((name) => !name.endsWith('k') && !name.endsWith('c'))).toHaveLength(65)
      // What is no own method of the class itself shows when the object's names are listed.
      const hidden = ['C_CreateObject', 'C_CopyObject', 'C_SetAttributeValue']
      const shown = wanted.filter((name) => !hidden.includes(name))
      expect(listed.filter((name) => !hidden.includes(name)).sort()).toEqual(shown.sort())
    })

    test.each(methods)('$name', ({ name, args, gives, noted: line }) => {
      const loaded = fresh()
      const given = args(pkcs11js)
      const found = loaded[name]?.(...given)
      expect(found).toEqual(gives)
      // A program that lists the names gets them in this order.
      expect(Object.keys(Object(found))).toEqual(Object.keys(Object(gives)))
      expect(noted(loaded)).toEqual([line])
    })

    describe.each(Object.entries(later))('with %s', (_form, run) => {
      test.each(asynchronous)('$name', async (method) => {
        const loaded = fresh()
        const [error, value] = await run(loaded, method, [...method.args(pkcs11js)])
        expect(error).toBe(null)
        expect(value).toEqual(method.gives)
        expect(noted(loaded)).toEqual([method.noted])
      })
    })

    test.each(writing)('$name writes into the given memory', ({ name, args, output }) => {
      const given = args(pkcs11js)
      const out = given[output as number] as Buffer
      const found = fresh()[name]?.(...given) as Buffer
      expect(found.buffer).toBe(out.buffer)
      expect(found.byteOffset).toBe(out.byteOffset)
      expect(out.subarray(found.length)).toEqual(Buffer.alloc(out.length - found.length))
    })

    test.each(writing)(
      '$name says that the memory is too small',
      async ({ name, args, output }) => {
        const given = [...args(pkcs11js)]
        given[output as number] = Buffer.alloc(2)
        const error = await failure(() => fresh()[name]?.(...given))
        expect(error).toMatchObject({ message: 'CKR_BUFFER_TOO_SMALL', code: 0x150 })
        expect(given[output as number]).toEqual(Buffer.alloc(2))
      },
    )

    test('views of any kind are bytes', () => {
      const loaded = fresh()
      const session = new BigUint64Array([5n])
      const out = new Uint8Array(10)
      const found = loaded['C_Digest']?.(session, new Uint16Array([1, 2]), out) as Uint8Array
      expect([...found]).toEqual([2, 1, 3, 1])
      expect(found).toBeInstanceOf(Uint8Array)
      loaded['C_DigestUpdate']?.(S, new DataView(new ArrayBuffer(2)))
      expect(noted(loaded)).toEqual([
        'C_Digest 5 in=(4)01000200 room=10',
        'C_DigestUpdate 5 in=(2)0000',
      ])
    })

    test('results are bytes as those that were given, of another realm too', async () => {
      const loaded = fresh()
      const theirs = runInNewContext('new Uint8Array(10)')
      expect(loaded['C_Digest']?.(S, Buffer.alloc(2), theirs).constructor).toBe(theirs.constructor)
      const later = await loaded['C_DigestAsync']?.(S, Buffer.alloc(2), theirs)
      expect(later.constructor).toBe(theirs.constructor)
      expect(later.buffer).toBe(theirs.buffer)
    })

    test('stacks say the class and the method', async () => {
      const error = (await failure(() => fresh()['C_Logout']?.(handle(5, 5)))) as Error
      expect(error.stack).toMatch(/^ {4}at PKCS11\.C_Logout \(/m)
    })

    test('without any bytes', () => {
      const loaded = fresh()
      expect(loaded['C_Digest']?.(S, Buffer.alloc(0), Buffer.alloc(3))).toEqual(Buffer.alloc(0))
      expect(loaded['C_GenerateRandom']?.(S, Buffer.alloc(0))).toEqual(Buffer.alloc(0))
      loaded['C_Login']?.(S, 1, '')
      const lines = noted(loaded)
      expect(lines[0]).toMatch(/^C_Digest 5 in=(null)?\(0\) room=3$/)
      expect(lines[2]).toMatch(/^C_Login 5 user=1 pin=(null)?\(0\)$/)
    })

    test('many bytes', async () => {
      const loaded = fresh()
      const data = Buffer.alloc(3_000_000, 7)
      const wanted = Buffer.alloc(3_000_000, 8)
      expect(loaded['C_Encrypt']?.(S, data, Buffer.alloc(3_000_100)).equals(wanted)).toBe(true)
      const later = (await loaded['C_EncryptAsync']?.(S, data, Buffer.alloc(3_000_000))) as Buffer
      expect(later.equals(wanted)).toBe(true)
    })

    test('a number too large is taken as its lower half', () => {
      const loaded = fresh()
      loaded['C_OpenSession']?.(handle(1), 2 ** 32 + 6.9)
      loaded['C_OpenSession']?.(handle(1), -1)
      expect(noted(loaded)).toEqual([
        'C_OpenSession 1 flags=6 null null',
        'C_OpenSession 1 flags=4294967295 null null',
      ])
    })
  })

  describe('C_Initialize', () => {
    /** Locking by the operating system is always asked for where the process is its own. */
    const flags = (wanted: number): number => (implementation.isIsolated ? wanted | 2 : wanted)

    test.each([[], [null], [undefined], [{}]])('%j', (...given) => {
      const loaded = fresh()
      expect(loaded['C_Initialize']?.(...given)).toBe(undefined)
      expect(noted(loaded)).toEqual([`C_Initialize flags=${flags(0)} parameters=null`])
    })

    test('flags', () => {
      const loaded = fresh()
      loaded['C_Initialize']?.({ flags: pkcs11js['CKF_LIBRARY_CANT_CREATE_OS_THREADS'] })
      expect(noted(loaded)).toEqual([`C_Initialize flags=${flags(1)} parameters=null`])
    })

    test("NSS's parameters", () => {
      const loaded = fresh()
      // pkcs11js loses the last character.
      loaded['C_Initialize']?.({ libraryParameters: "configdir='' ", flags: 1 })
      const [line = ''] = noted(loaded)
      expect(line.trim()).toBe(`C_Initialize flags=${flags(1)} parameters=configdir=''`)
    })

    test.each([5, 'text', true, () => {}])('wrong: %s', async (given) => {
      const error = await failure(() => fresh()['C_Initialize']?.(given))
      expect(error).toEqual(new TypeError('Argument 0 has wrong type. Should be an Object'))
    })

    test.each([5, null, undefined, {}])('wrong parameters: %s', async (libraryParameters) => {
      const error = await failure(() => fresh()['C_Initialize']?.({ libraryParameters }))
      const message = "Argument 0 has wrong type. Property 'libraryParameters' should be a String"
      expect(error).toEqual(new TypeError(message))
    })
  })

  describe('the others', () => {
    test('C_Finalize', () => {
      const loaded = fresh()
      expect(loaded['C_Finalize']?.()).toBe(undefined)
      expect(noted(loaded)).toEqual(['C_Finalize null'])
    })

    test('C_GetInfo', () => {
      expect(fresh()['C_GetInfo']?.()).toEqual({
        cryptokiVersion: { major: 2, minor: 40 },
        manufacturerID: `K\u00fcnstler \u20ac \ufffd!\0${' '.repeat(15)}`,
        flags: 0xffff_ffff,
        libraryDescription: `writes calls down\0after${' '.repeat(9)}`,
        libraryVersion: { major: 255, minor: 7 },
      })
    })

    test('C_GetSlotList', async () => {
      const loaded = fresh()
      const all = [handle(1), Buffer.from('ffffffff0f000000', 'hex'), handle(3)]
      expect(loaded['C_GetSlotList']?.()).toEqual(all)
      expect(loaded['C_GetSlotList']?.(false)).toEqual(all)
      expect(loaded['C_GetSlotList']?.(true)).toEqual(all.slice(0, 2))
      for (const wrong of [undefined, null, 1, 'true'])
        expect(await failure(() => loaded['C_GetSlotList']?.(wrong))).toEqual(
          new TypeError('Argument 0 has wrong type. Should be a Boolean'),
        )
    })

    test('C_FindObjects', async () => {
      const loaded = fresh()
      loaded['C_FindObjectsInit']?.(S, [])
      expect(loaded['C_FindObjects']?.(S)).toEqual(handle(200))
      expect(loaded['C_FindObjects']?.(S, 5)).toEqual([handle(201), handle(202)])
      expect(loaded['C_FindObjects']?.(S, 5)).toEqual([])
      expect(loaded['C_FindObjects']?.(S)).toBe(null)
      loaded['C_FindObjectsInit']?.(S, [])
      expect(loaded['C_FindObjects']?.(S, 1)).toEqual([handle(200)])
      expect(loaded['C_FindObjects']?.(S, 0)).toEqual([])
      expect(loaded['C_FindObjects']?.(S)).toEqual(handle(201))
      loaded['C_FindObjectsInit']?.(S, [])
      expect(loaded['C_FindObjects']?.(S, 2)).toEqual([handle(200), handle(201)])
      expect(await failure(() => loaded['C_FindObjects']?.(S, '1'))).toEqual(
        new TypeError('Argument 1 has wrong type. Should be a Number'),
      )
    })

    test.each([handle(2), handle(2, 3)])(
      'C_FindObjects goes on when sessions of another slot are closed, or are not: %s',
      async (slot) => {
        const loaded = fresh()
        loaded['C_FindObjectsInit']?.(S, [])
        expect(loaded['C_FindObjects']?.(S)).toEqual(handle(200))
        await failure(() => {
          loaded['C_CloseAllSessions']?.(slot)
          throw new Error('it is good')
        })
        expect(loaded['C_FindObjects']?.(S)).toEqual(handle(201))
        expect(loaded['C_FindObjects']?.(S, 5)).toEqual([handle(202)])
        expect(loaded['C_FindObjects']?.(S)).toBe(null)
      },
    )

    test('C_WaitForSlotEvent', async () => {
      const loaded = fresh()
      expect(loaded['C_WaitForSlotEvent']?.(0)).toEqual(handle(9))
      expect(loaded['C_WaitForSlotEvent']?.(pkcs11js['CKF_DONT_BLOCK'])).toBe(null)
      expect(await failure(() => loaded['C_WaitForSlotEvent']?.(5))).toMatchObject({
        message: 'CKR_GENERAL_ERROR',
        code: 5,
      })
      expect(await failure(() => loaded['C_WaitForSlotEvent']?.())).toBeInstanceOf(TypeError)
    })

    test('C_GetAttributeValue gives the template that it was given', () => {
      const loaded = fresh()
      const template = [{ type: 3, more: true }]
      expect(loaded['C_GetAttributeValue']?.(S, handle(8), template)).toBe(template)
      expect(template).toEqual([{ type: 3, more: true, value: Buffer.from('value') }])
      expect(loaded['C_GetAttributeValue']?.(S, handle(8), [])).toEqual([])
    })

    test('C_GetAttributeValue of a long value', () => {
      const found = fresh()['C_GetAttributeValue']?.(S, handle(8), [{ type: 0x11 }])
      expect(found[0].value.equals(Buffer.alloc(9000, 0x77))).toBe(true)
    })

    test('C_GetAttributeValue of what is secret, and of no date', async () => {
      const get = (type: number) => () =>
        fresh()['C_GetAttributeValue']?.(S, handle(8), [{ type: 3 }, { type }])
      expect(await failure(get(0x123))).toMatchObject({
        message: 'CKR_ATTRIBUTE_SENSITIVE',
        code: 17,
      })
      expect(await failure(get(0x111))).toEqual(
        new TypeError('Attribute 0x00000111 has wrong length. Should be 8, but is 0'),
      )
    })

    test('dates', async () => {
      const loaded = fresh()
      const types = [{ type: 0x110, value: new Date('2026-11-28T22:00:00Z') }]
      loaded['C_CreateObject']?.(S, types)
      // The template is changed.
      expect(types).toEqual([{ type: 0x110, value: Buffer.from('20261128') }])
      loaded['C_CopyObject']?.(S, S, [{ type: 0x111, value: new Date(0) }])
      loaded['C_SetAttributeValue']?.(S, S, [{ type: 0x111, value: Buffer.from('20270101') }])
      loaded['C_SetAttributeValue']?.(S, S, [{ type: 0x111, value: '20270101' }])
      loaded['C_FindObjectsInit']?.(S, [{ type: 0x111 }])
      expect(noted(loaded)).toEqual([
        'C_CreateObject 5 template[1] 110=(8)3230323631313238',
        'C_CopyObject 5 object=5 template[1] 111=(8)3139373030313031',
        'C_SetAttributeValue 5 object=5 template[1] 111=(8)3230323730313031',
        'C_FindObjectsInit 5 template[1] 111=null(0)',
      ])
      const create = (value: unknown) => () =>
        loaded['C_CreateObject']?.(S, [{ type: 0x110, value }])
      expect(await failure(create('2026'))).toEqual(
        new TypeError(
          'Attribute with type 0x00000110 is not convertible to CK_DATE. The length of the data should be at least 8 bytes.',
        ),
      )
      expect(await failure(create(5))).toEqual(
        new TypeError(
          'Attribute with type 0x00000110 is not convertible to CK_DATE. Should be a String, Buffer or Date',
        ),
      )
    })
  })

  // Over a wrong mechanism or template pkcs11js frees what it never allocated, and mostly takes the program along.
  const lives = implementation.isIsolated

  describe('wrong arguments', () => {
    const wrong = methods
      .flatMap((method) => method.takes.map((kind, index) => ({ ...method, kind, index })))
      .filter(({ kind }) => lives || kind !== 'mechanism')

    test.each(methods)('$name: too few and too many', async (method) => {
      const { name, takes, args } = method
      const loaded = fresh()
      const counts = (received: number, expected = takes.length): TypeError =>
        new TypeError(
          `Parameters are required. Expected ${expected} arguments, but received ${received}.`,
        )
      const given = args(pkcs11js)
      if (UNCOUNTED.has(name)) {
        expect(await failure(() => loaded[name]?.())).toEqual(
          new TypeError('Argument 0 has wrong type. Should be a Buffer'),
        )
        expect(loaded[name]?.(...given, 1)).toEqual(method.gives)
        return
      }
      expect(await failure(() => loaded[name]?.())).toEqual(counts(0))
      expect(await failure(() => loaded[name]?.(...given.slice(1)))).toEqual(
        counts(takes.length - 1),
      )
      const tooMany = await failure(() => loaded[name]?.(...given, 1))
      expect(tooMany).toEqual(
        method.isAsync
          ? new TypeError(`Argument ${takes.length} has wrong type. Should be a Function`)
          : counts(takes.length + 1),
      )
      if (!method.isAsync) return
      const more = takes.length + 1
      expect(await failure(() => loaded[`${name}Callback`]?.(...given))).toEqual(
        counts(takes.length, more),
      )
      expect(await failure(() => loaded[`${name}Async`]?.(...given.slice(1)))).toEqual(
        counts(takes.length, more),
      )
      expect(noted(loaded)).toEqual([])
    })

    test.each(wrong)('$name: argument $index, which takes $kind', async (method) => {
      const { name, kind, index, args } = method
      const loaded = fresh()
      for (const value of WRONG[kind]) {
        const given = [...args(pkcs11js)]
        given[index] = value
        const wanted = new TypeError(`Argument ${index} has wrong type. Should be ${FIRST[kind]}`)
        expect(await failure(() => loaded[name]?.(...given))).toEqual(wanted)
        if (!method.isAsync) continue
        expect(await failure(() => loaded[`${name}Callback`]?.(...given, () => {}))).toEqual(wanted)
        expect(await failure(() => loaded[`${name}Async`]?.(...given))).toEqual(wanted)
      }
      if (kind === 'handle') {
        const given = [...args(pkcs11js)]
        given[index] = Buffer.alloc(4)
        expect(await failure(() => loaded[name]?.(...given))).toEqual(
          new TypeError(`Argument ${index} has wrong length. Should be 8 bytes.`),
        )
      }
      expect(noted(loaded)).toEqual([])
    })

    if (!lives) return

    test('attributes', async () => {
      const loaded = fresh()
      const create = (...template: unknown[]) =>
        failure(() => loaded['C_CreateObject']?.(S, template))
      expect(await create({ type: 1 }, 5)).toEqual(
        new TypeError('Element 1 has wrong type. Should be an Object'),
      )
      expect(await create({})).toEqual(
        new TypeError("Element 0 has wrong type. Property 'type' should be a Number"),
      )
      // Neither is what an array has no element at left out.
      expect(await failure(() => loaded['C_CreateObject']?.(S, new Array(1)))).toEqual(
        new TypeError('Element 0 has wrong type. Should be an Object'),
      )
      for (const value of [5n, {}, [], () => {}])
        expect(await create({ type: 1, value })).toEqual(
          new TypeError(
            "Element 0 has wrong type. Property 'value' should be a Number, Boolean, String or Buffer",
          ),
        )
    })

    test('mechanisms', async () => {
      const loaded = fresh()
      const digest = (mechanism: unknown) => failure(() => loaded['C_DigestInit']?.(S, mechanism))
      expect(await digest({})).toEqual(
        new TypeError("Argument 1 has wrong type. Property 'mechanism' should be a Number"),
      )
      for (const parameter of ['text', true, 5n, () => {}])
        expect(await digest({ mechanism: 1, parameter })).toEqual(
          new TypeError(
            "Argument 1 has wrong type. Property 'parameter' should be an Object or Buffer",
          ),
        )
      expect(await digest({ mechanism: 1, parameter: {} })).toEqual(
        new TypeError("Argument 1 has wrong type. Property 'type' should be a Number"),
      )
    })
  })

  describe('errors', () => {
    test.each(methods)('$name: what it returned', async (method) => {
      const { name, args } = method
      const loaded = fresh()
      const error = (await failure(() => loaded[name]?.(...withRv(args(pkcs11js), 0xa0)))) as Error
      if (PLAIN.has(name)) {
        expect(error.constructor).toBe(Error)
        expect(error.message).toBe('CKR_PIN_INCORRECT:160')
        return
      }
      expect(error).toBeInstanceOf(pkcs11js.Pkcs11Error)
      expect(error).toMatchObject({
        name: 'Pkcs11Error',
        message: 'CKR_PIN_INCORRECT',
        code: 160,
        nativeStack: expect.stringMatching(/^ {4}at /),
      })
      // pkcs11js knows the method of some only.
      const named = (error as unknown as { method: string }).method
      expect(implementation.isIsolated ? [name] : [name, '']).toContain(named)
    })

    describe.each(Object.entries(later))('with %s', (_form, run) => {
      test.each(asynchronous)('$name', async (method) => {
        const loaded = fresh()
        const [error, value] = await run(loaded, method, withRv(method.args(pkcs11js), 0xa0))
        expect(value).toBe(null)
        expect(error).toBeInstanceOf(pkcs11js.Pkcs11Error)
        expect(error).toMatchObject({ message: 'CKR_PIN_INCORRECT', code: 160 })
        expect(typeof (error as { nativeStack: unknown }).nativeStack).toBe('string')
      })
    })

    test('of every number', async () => {
      const loaded = fresh()
      const numbers = Object.entries(pkcs11js).filter(([name]) => name.startsWith('CKR_'))
      expect(numbers.length).toBeGreaterThan(90)
      for (const [, rv] of [...numbers, ['', 0x8000_0005], ['', 0x222], ['', 0xffff_ffff]]) {
        if (rv === 0) continue
        const name = numbers.find(([, number]) => number === rv)?.[0] ?? 'CKR_VENDOR_DEFINED'
        const error = await failure(() => loaded['C_Logout']?.(handle(5, rv as number)))
        expect(error).toMatchObject({ message: name, code: rv, name: 'Pkcs11Error' })
      }
    })

    test('C_FindObjects throws a plain one', async () => {
      const error = (await failure(() => fresh()['C_FindObjects']?.(handle(5, 0xb3)))) as Error
      expect(error.constructor).toBe(Error)
      expect(error.message).toBe('CKR_SESSION_HANDLE_INVALID:179')
    })

    test('their classes', () => {
      const { NativeError, Pkcs11Error } = pkcs11js
      const made = new NativeError('CKR_CANCEL:1\n    at PKCS11.C_Sign (file.js:1:1)\n    at more')
      expect(made).toMatchObject({
        name: 'NativeError',
        message: 'CKR_CANCEL',
        code: 1,
        method: 'C_Sign',
        nativeStack: '    at PKCS11.C_Sign (file.js:1:1)\n    at more',
      })
      expect(made).toBeInstanceOf(Error)
      expect(new NativeError('text\nmore', 'C_Sign')).toMatchObject({
        message: 'text',
        code: 0,
        method: 'C_Sign',
        nativeStack: '',
      })
      expect(new NativeError('')).toMatchObject({ message: '', code: 0, method: '' })
      expect(new Pkcs11Error('Error: CKR_CANCEL:1', 0)).toMatchObject({
        name: 'Pkcs11Error',
        message: 'CKR_CANCEL',
        code: 1,
      })
      expect(new Pkcs11Error('text', 5, 'C_Sign')).toMatchObject({
        message: 'text',
        code: 5,
        method: 'C_Sign',
      })
      expect(new Pkcs11Error('text', 5)).toBeInstanceOf(NativeError)
      expect(Pkcs11Error.isPkcs11('Error: CKR_CANCEL:1')).toBe(true)
      expect(Pkcs11Error.isPkcs11('Error: CANCEL:1')).toBe(false)
      expect(Pkcs11Error.messageReg).toEqual(/(CKR_[^:]+):(\d+)/)
    })
  })

  describe('mechanism parameters', () => {
    test.each([
      [undefined, 'null(0)'],
      [null, 'null(0)'],
      [Buffer.from('iv'), '(2)6976'],
      [new Uint8Array(2), '(2)0000'],
      [2 ** 31, '(8)0000008000000000'],
    ])('%s', (parameter, wanted) => {
      const loaded = fresh()
      loaded['C_DigestInit']?.(S, { mechanism: 0x8000_0001, parameter })
      expect(noted(loaded)).toEqual([`C_DigestInit 5 mechanism=2147483649 parameter=${wanted}`])
    })

    test.each(structures)('$type, type $number', async ({ number, wholly, wanted, required }) => {
      const loaded = fresh()
      const mechanism = 1000 + number
      const init = (parameter: object) =>
        loaded['C_DigestInit']?.(S, { mechanism, parameter: { type: number, ...parameter } })
      init(wholly)
      expect(noted(loaded)).toEqual([`C_DigestInit 5 mechanism=${mechanism} size=1 ${wanted}`])
      if (!lives) return
      for (const [property, kind] of Object.entries(required)) {
        const { [property]: _, ...without } = wholly as Record<string, unknown>
        const optional = kind.endsWith('?')
        const type = structures.find((each) => each.number === number)?.type
        const message = `Property '${property}' of ${type} mechanism parameter should be ${kind.replace('?', '')}`
        expect(await failure(() => init({ ...without, [property]: 'text' }))).toEqual(
          new TypeError(message),
        )
        if (optional) init(without)
        else expect(await failure(() => init(without))).toEqual(new TypeError(message))
      }
    })

    test('an IV of GCM that the module writes is the caller’s', () => {
      const iv = Buffer.alloc(12)
      const parameter = { type: pkcs11js['CK_PARAMS_AES_GCM_v240'], iv, ivBits: 96 }
      fresh()['C_EncryptInit']?.(S, { mechanism: 1107, parameter }, handle(8))
      expect(iv).toEqual(Buffer.alloc(12, 0x5a))
    })

    if (!lives) return

    test('lengths that are fixed', async () => {
      const loaded = fresh()
      const init = (parameter: object) =>
        failure(() => loaded['C_DigestInit']?.(S, { mechanism: 1, parameter }))
      const iv = Buffer.alloc(3)
      const fixed: [object, string, number][] = [
        [{ type: 1 }, 'CK_AES_CBC_ENCRYPT_DATA_PARAMS', 16],
        [{ type: 15, effectiveBits: 1 }, 'CK_RC2_CBC_PARAMS', 8],
        [{ type: 20 }, 'CK_DES_CBC_ENCRYPT_DATA_PARAMS', 8],
      ]
      for (const [parameter, type, length] of fixed)
        expect(await init({ ...parameter, iv })).toEqual(
          new TypeError(
            `Property 'iv' of ${type} mechanism parameter should be a Buffer of length ${length}`,
          ),
        )
      const unequal = { type: 13, randomA: iv, randomB: Buffer.alloc(4), publicData: iv }
      expect(await init(unequal)).toEqual(
        new TypeError(
          "Property 'randomA' and 'randomB' of CK_KEA_DERIVE_PARAMS mechanism parameter should be Buffers of equal length",
        ),
      )
    })
  })

  describe('load and close', () => {
    test('nothing is loaded before it is asked for', async () => {
      fresh()
      const made = new pkcs11js.PKCS11()
      expect(made.libPath).toBe(undefined)
      const error = await failure(() => made['C_GetInfo']?.())
      expect(error).toBeInstanceOf(pkcs11js.NativeError)
      expect(error).toMatchObject({
        name: 'NativeError',
        message: 'PKCS11 module not loaded yet',
        code: 0,
      })
      made['load']?.(MODULE)
      expect(made.libPath).toBe(MODULE)
      // Nor initialized.
      expect(noted(made)).toEqual([])
      made['close']?.()
    })

    test.each(methods)('$name without a module', async (method) => {
      const { name, args } = method
      const made = new pkcs11js.PKCS11()
      const missing = { message: 'PKCS11 module not loaded yet' }
      expect(await failure(() => made[name]?.(...args(pkcs11js)))).toMatchObject(missing)
      expect(await failure(() => made[name]?.())).toMatchObject(missing)
      if (!method.isAsync) return
      const given = args(pkcs11js)
      expect(await failure(() => made[`${name}Callback`]?.(...given, () => {}))).toMatchObject(
        missing,
      )
      expect(await failure(() => made[`${name}Async`]?.(...given))).toMatchObject(missing)
    })

    test('the constructor loads what it is given', () => {
      const made = new pkcs11js.PKCS11(MODULE)
      expect(made.libPath).toBe(MODULE)
      expect(made['close']?.()).toBe(undefined)
    })

    test('close', async () => {
      const made = new pkcs11js.PKCS11()
      expect(made['close']?.()).toBe(undefined)
      expect(made['load']?.(MODULE)).toBe(undefined)
      made['close']?.()
      made['close']?.()
      expect(await failure(() => made['C_GetInfo']?.())).toMatchObject({
        message: 'PKCS11 module not loaded yet',
      })
      made['load']?.(MODULE)
      expect(made['C_GetInfo']?.().flags).toBe(0xffff_ffff)
      made['close']?.()
    })

    test('a file that is not there', async () => {
      const made = new pkcs11js.PKCS11()
      const error = (await failure(() => made['load']?.('/nowhere/module.so'))) as Error
      expect(error).toBeInstanceOf(Error)
      expect(error.message).toContain('/nowhere/module.so')
      expect(made.libPath).toBe(undefined)
      expect(() => new pkcs11js.PKCS11('/nowhere/module.so')).toThrow('/nowhere/module.so')
    })

    test('a library that is no module', async () => {
      const made = new pkcs11js.PKCS11()
      const error = (await failure(() => made['load']?.('libm.so.6'))) as Error
      expect(error.message).toContain('C_GetFunctionList')
      expect(made.libPath).toBe(undefined)
    })

    test('a class of one’s own', () => {
      class Mine extends pkcs11js.PKCS11 {
        info(): unknown {
          return this['C_GetInfo']?.().flags
        }
      }
      const mine = new Mine(MODULE)
      expect(mine).toBeInstanceOf(pkcs11js.PKCS11)
      expect((mine as unknown as { info(): unknown }).info()).toBe(0xffff_ffff)
      mine['close']?.()
    })
  })

  test('many calls at once', async () => {
    const loaded = fresh()
    const all = Array.from({ length: 200 }, async (_, index) => {
      const data = Buffer.from(`data ${index}`)
      const found = (await loaded['C_SignAsync']?.(
        handle(index % 7),
        data,
        Buffer.alloc(20),
      )) as Buffer
      return found.equals(data.map((byte) => byte + 1))
    })
    expect((await Promise.all(all)).every(Boolean)).toBe(true)
  })

  test('a callback that throws is nobody’s rejection', async () => {
    const loaded = fresh()
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
    const listeners = process.listeners('uncaughtException').slice(0, -1)
    for (const listener of listeners) process.off('uncaughtException', listener)
    loaded['C_Digest']?.(S, Buffer.from('a'), Buffer.alloc(3), () => {
      throw new Error('mine')
    })
    const error = await thrown
    for (const listener of listeners) process.on('uncaughtException', listener)
    expect(error).toEqual(new Error('mine'))
  })
})

test.skipIf(implementations.length < 2)('the constants are the same', () => {
  const peer = require('pkcs11js') as Record<string, unknown>
  const door = implementations.find(({ isIsolated }) => isIsolated)?.pkcs11js()
  const numbers = Object.entries(peer).filter(([, value]) => typeof value === 'number')
  expect(numbers.length).toBeGreaterThan(650)
  expect(door).toMatchObject(Object.fromEntries(numbers))
  expect(Object.keys(door ?? {})).toEqual(expect.arrayContaining(Object.keys(peer)))
})

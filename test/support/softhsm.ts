/** A folder with a configuration of SoftHSM for tests, and what a module needs to be let into it. */
import { mkdirSync } from 'node:fs'
import type { OpenOptions } from '../../src/index.ts'
import { Module, type Slot } from '../../src/pkcs11/index.ts'
import { needs } from './needs.ts'
import { Scratch } from './scratch.ts'

export const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so'

export const SO_PIN = 'so-pin-12345678'
export const USER_PIN = 'user-pin-8765'

/** Whether to skip for want of SoftHSM. */
export function needsSoftHsm(): boolean {
  return needs('softhsm2', 'softhsm/libsofthsm2.so')
}

/** No token is there yet: the slot list has one slot, whose token is not initialized. */
export class SoftHsm implements Disposable {
  readonly #scratch = new Scratch()
  readonly options: OpenOptions

  constructor() {
    const tokens = this.#scratch.path('tokens')
    mkdirSync(tokens)
    const text = `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`
    const configuration = this.#scratch.write('softhsm2.conf', text)
    this.options = {
      permissions: {
        read: [configuration, tokens],
        write: [tokens],
        env: { SOFTHSM2_CONF: configuration },
      },
    }
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]()
  }
}

/** Makes a token with both PINs in the slot that has none. */
export async function makeToken(module: Module, label: string): Promise<Slot> {
  const all = await module.slots()
  await (all.at(-1) as Slot).initToken(SO_PIN, label)
  for (const slot of await module.slots())
    if ((await slot.token()).label === label) {
      const session = await slot.open({ readWrite: true, pin: SO_PIN, user: 'so' })
      await session.initPin(USER_PIN)
      await session.close()
      return slot
    }
  throw new Error('the token is not there')
}

/** A module with a token of its own, for one test or several. */
export class TokenOfTest {
  readonly module: Module
  readonly slot: Slot
  readonly #softHsm: SoftHsm

  private constructor(softHsm: SoftHsm, module: Module, slot: Slot) {
    this.#softHsm = softHsm
    this.module = module
    this.slot = slot
  }

  /** As the module was opened. */
  get options(): OpenOptions {
    return this.#softHsm.options
  }

  static async make(label: string): Promise<TokenOfTest> {
    const softHsm = new SoftHsm()
    const module = await Module.open(SOFTHSM, softHsm.options)
    return new TokenOfTest(softHsm, module, await makeToken(module, label))
  }

  async close(): Promise<void> {
    await this.module.close()
    this.#softHsm[Symbol.dispose]()
  }
}

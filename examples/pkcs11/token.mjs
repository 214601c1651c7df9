// A token of SoftHSM 2 in a folder of its own, for the examples beside it: yours is there already.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Module } from 'fat-threads/pkcs11'

export const MODULE = process.env.MODULE ?? '/usr/lib/softhsm/libsofthsm2.so'
export const PIN = '1234'
const SO_PIN = '12345678'

/** The module, and the slot of a new token. More options are those of `Module.open`. */
export async function withToken(options = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fat-threads-example-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'tokens'))
  const configuration = join(folder, 'softhsm2.conf')
  writeFileSync(configuration, `directories.tokendir = ${folder}/tokens\nlog.level = ERROR\n`)
  const env = { SOFTHSM2_CONF: configuration }
  const module = await Module.open(MODULE, { permissions: { env }, ...options })
  const [empty] = await module.slots()
  await empty.initToken(SO_PIN, 'example')
  const [slot] = await module.slots()
  const session = await slot.open({ readWrite: true, pin: SO_PIN, user: 'so' })
  await session.initPin(PIN)
  await session.close()
  return { module, slot }
}

/** Templates that are attributes count among all values that a search reads. Apart, since it takes much memory. */
import { expect, test } from 'vitest'
import { Module, type Session } from '../../src/pkcs11/index.ts'
import { fixture } from '../fixtures/build.ts'

test('a search whose objects have large templates has a bound', async () => {
  const permissions = { env: { DEED: 'has-large-templates' } }
  await using module = await Module.open(fixture('fakes-a-token'), { permissions })
  const [slot] = await module.slots()
  const session = (await slot?.open()) as Session
  // 8 MiB each.
  const found = session.find({}, { attributes: ['CKA_WRAP_TEMPLATE'], limit: 40 })
  await expect(found).rejects.toMatchObject({
    ckr: 'CKR_DEVICE_ERROR',
    method: 'C_GetAttributeValue',
  })
})

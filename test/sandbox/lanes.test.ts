/** Several lanes within the limits of a fat thread. */
import { expect, test } from 'vitest'
import { FatThread } from '../../src/index.ts'

test('lanes that the address space has no room for are no start', async () => {
  const options = { threads: 64, limits: { memory: 64 * 2 ** 20 } }
  await expect(FatThread.spawn(options)).rejects.toMatchObject({
    code: 'ERR_FAT_THREAD_START',
    message: expect.stringMatching(/lanes/),
  })
})

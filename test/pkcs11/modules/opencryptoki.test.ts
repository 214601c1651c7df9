/** openCryptoki with its daemon, in a mount namespace: its folders are the machine's. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { FatThread } from '../../../src/index.ts'
import { needsCommand, needsFile } from '../../support/needs.ts'
import { moduleFile } from './file.ts'

const MODULE = moduleFile('libopencryptoki.so')
const DAEMON = '/usr/sbin/pkcsslotd'
const PROGRAM = fileURLToPath(new URL('../../fixtures/programs/opencryptoki.mjs', import.meta.url))
const missing =
  needsFile('opencryptoki', MODULE) ||
  needsFile('opencryptoki', DAEMON) ||
  needsCommand('util-linux', 'unshare')

test.skipIf(missing || process.geteuid?.() !== 0 || existsSync('/run/pkcsslotd.socket'))(
  'signs with a key of a token, and says why it is not shut in',
  async () => {
    const thread = await FatThread.spawn()
    const hasNamespace = thread.receipt.enforced.includes('user-namespace')
    await thread.close()
    const words = ['--mount', process.execPath, PROGRAM, MODULE, DAEMON]
    const { status, stdout, stderr } = spawnSync('unshare', words, {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect({ status, stderr }).toMatchObject({ status: 0 })
    const { shutIn, inAProcess } = JSON.parse(stdout)
    if (hasNamespace)
      expect(shutIn).toEqual({
        name: 'SandboxError',
        message: expect.stringMatching(
          /can't run in this sandbox: openCryptoki insists that .* group pkcs11, .*sandbox: 'off'/,
        ),
      })
    else expect(shutIn).toEqual({ slots: 1 })
    expect(inAProcess).toEqual({
      label: 'made by a test',
      signature: 256,
      verified: true,
      keys: 1,
    })
  },
  60_000,
)

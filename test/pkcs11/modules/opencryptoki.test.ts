/** openCryptoki with its daemon, in a mount namespace: its folders are the machine's. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
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
  'signs with a key of a token, shut in',
  () => {
    const words = ['--mount', process.execPath, PROGRAM, MODULE, DAEMON]
    const { status, stdout, stderr } = spawnSync('unshare', words, {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect({ status, stderr }).toMatchObject({ status: 0 })
    const { failure, shutIn } = JSON.parse(stdout)
    expect(failure).toEqual({
      name: 'RangeError',
      message: expect.stringMatching(
        /no token has a lock in .*; the command pkcsconf -t makes them/,
      ),
    })
    expect(shutIn).toMatchObject({
      label: 'made by a test',
      signature: 256,
      verified: true,
      keys: 3,
      enforced: expect.arrayContaining(['system-calls', 'files', 'capabilities', 'landlock']),
    })
    for (const { what } of shutIn.missing) expect(what).not.toMatch(/^(user|pid)-namespace$/)
  },
  60_000,
)

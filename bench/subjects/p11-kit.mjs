import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from '../harness/unavailable.mjs'
import { workloadsOf } from '../pkcs11/pkcs11js.mjs'
import { MODULE, makeFolder } from '../pkcs11/token.mjs'
import { later, pkcs11js } from './pkcs11js.mjs'

const CLIENTS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
]
const PATIENCE = 5000

/** A server with the module in a process of its own, as long as this one lives. */
async function serve(address) {
  const server = spawn('p11-kit', ['server', '-f', '-n', address, '-p', MODULE, 'pkcs11:'], {
    stdio: 'ignore',
  })
  let problem
  server.once('error', () => {
    problem = 'the command p11-kit is missing: apt-get install p11-kit'
  })
  process.once('exit', () => server.kill('SIGKILL'))
  const limit = performance.now() + PATIENCE
  while (!existsSync(address)) {
    await sleep(5)
    if (problem !== undefined || performance.now() > limit)
      throw new Unavailable(problem ?? 'p11-kit server does not serve')
  }
  server.unref()
}

/** It knows how to pass on what some mechanisms need, and refuses the others. */
function passesOn({ run }) {
  try {
    run?.()
  } catch (error) {
    if (error.message !== 'CKR_MECHANISM_INVALID') throw error
    throw new Unavailable('this version of p11-kit passes on nothing for this mechanism')
  }
}

export const workloads = later(async () => {
  const package_ = await pkcs11js()
  const address = join(makeFolder(), 'socket')
  const client = CLIENTS.map((folder) => join(folder, 'pkcs11/p11-kit-client.so')).find(existsSync)
  if (client === undefined)
    throw new Unavailable('p11-kit-client.so is missing: apt-get install p11-kit-modules')
  await serve(address)
  process.env.P11_KIT_SERVER_ADDRESS = `unix:path=${address}`
  const made = workloadsOf(package_, client)
  const guarded = Object.entries(made).map(([name, begin]) => [
    name,
    async (series) => {
      const workload = await begin(series)
      passesOn(workload)
      // As root p11-kit may load modules where they are called, without a word.
      if (readFileSync('/proc/self/maps', 'latin1').includes('libsofthsm2'))
        throw new Error('p11-kit has loaded the module into this process')
      return workload
    },
  ])
  return Object.fromEntries(guarded)
})

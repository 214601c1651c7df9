/** The first process of a fat thread's namespace kills all others there. Anywhere else it does nothing at all. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, type TestContext, test } from 'vitest'
import { nativeFolder } from '../../src/host/addon.ts'
import { needsCommand, skipWithoutKernel } from '../support/needs.ts'
import { Scratch } from '../support/scratch.ts'

const NATIVE = fileURLToPath(new URL('../../native/', import.meta.url))
const FLAGS = ['-O2', '-ffreestanding', '-fno-stack-protector', '-static-pie', '-nostdlib', '-w']
/** Where it can reach nobody else: what runs there is `sh`, a bystander, and the program as the parent of a process. */
const NAMESPACE = ['--user', '--map-root-user', '--pid', '--fork', 'sh', '-c']
const SCENE = `
  sleep 30 & bystander=$!
  sh -c 'true & exec "$0" $!' "$0"; echo "ended with $?"
  kill $bystander; wait $bystander; echo "bystander: $?"`
const TERMINATED = 128 + 15
const KILLED = 128 + 9

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

function perform(program: string, context: TestContext): string {
  const command = [...NAMESPACE, 'true']
  skipWithoutKernel(context, spawnSync('unshare', command).status === 0, 'namespaces of processes')
  return execFileSync('unshare', [...NAMESPACE, SCENE, program], { encoding: 'utf8' })
}

/** The program, with one line of it changed. */
function changed(from: string, to: string): string {
  const source = readFileSync(join(NATIVE, 'first', 'main.c'), 'utf8')
  expect(source).toContain(from)
  const file = scratch.write('main.c', source.replace(from, to))
  const program = scratch.path('first')
  const { LD_PRELOAD: _, ...env } = process.env
  execFileSync('cc', [...FLAGS, `-I${join(NATIVE, 'include')}`, '-o', program, file], { env })
  return program
}

test.skipIf(needsCommand('util-linux', 'unshare'))('it ends at once', (context) => {
  const said = perform(join(nativeFolder(), 'first'), context)
  expect(said).toBe(`ended with 1\nbystander: ${TERMINATED}\n`)
})

test.skipIf(needsCommand('util-linux', 'unshare'))(
  'control: without the look at its number it kills',
  (context) => {
    const look = 'call3(__NR_getpid, 0, 0, 0) != 1'
    const said = perform(changed(look, 'false'), context)
    expect(said).toBe(`ended with 0\nbystander: ${KILLED}\n`)
  },
)

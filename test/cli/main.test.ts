import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { run, runJson } from './run.ts'

const PACKAGE = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

test('--help lists the commands', () => {
  for (const words of [['--help'], ['-h']]) {
    const { status, stdout } = run(...words)
    expect(status).toBe(0)
    expect(stdout).toMatch(/\n {2}call .*\n {2}inspect /)
  }
})

test('the help of a command says what its arguments and its exit status are', () => {
  expect(run('call', '--help')).toMatchObject({ status: 0, stderr: '' })
  expect(run('call', '--help').stdout).toMatch(/hex:00ff[\s\S]*128 \+ n/)
  expect(run('inspect', '--help').stdout).toMatch(/--filter[\s\S]*collisions/)
})

test('--version', () => {
  for (const words of [['--version'], ['-v'], ['call', '--version']]) {
    const { status, stdout } = run(...words)
    expect(status).toBe(0)
    expect(stdout).toMatch(new RegExp(`^fat-threads/${PACKAGE.version} .*\n$`))
  }
})

test('an unknown command ends with status 2 and what may have been meant', () => {
  expect(run('cal', 'libc.so.6')).toEqual({
    status: 2,
    stdout: '',
    stderr: 'fat-threads: there is no command cal; did you mean call?\nTry: fat-threads --help\n',
  })
  expect(run('xyzzy').stderr).toMatch(
    /there is no command xyzzy; there are call, inspect, doctor, learn, bind, pkcs11, bench, strategies\n/,
  )
  expect(runJson('xyzzy')).toMatchObject({
    status: 2,
    json: { error: { name: 'UsageError', code: 'ERR_FAT_THREAD_USAGE' } },
  })
})

test('no command at all ends with status 2', () => {
  expect(run()).toMatchObject({ status: 2, stdout: '' })
  expect(run().stderr).toMatch(/a command is missing/)
  expect(run('--', '5').stderr).toMatch(/there is no command 5/)
})

test('a reader that stops reading is no error', async () => {
  const child = spawn(process.execPath, [MAIN, 'inspect', 'libc.so.6'])
  let stderr = ''
  child.stderr.on('data', (bytes) => {
    stderr += bytes
  })
  child.stdout.destroy()
  const status = await new Promise((resolve) => child.on('close', resolve))
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

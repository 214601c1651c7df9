import { execFileSync } from 'node:child_process'
import { release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { Diagnosis } from '../../src/cli/doctor.ts'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { runProgram } from '../support/run-program.ts'
import { Scratch } from '../support/scratch.ts'
import { run, runJson } from './run.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const names = (list: readonly { readonly what: string }[]): string[] => list.map(({ what }) => what)

describe('doctor', () => {
  test('says what the receipts of fat threads say', async () => {
    const { json, status } = runJson('doctor')
    const { enforced, missing, strict, machine } = json as Diagnosis
    await using library = await open(fixture('answers'))
    const { receipt } = library.thread
    expect(names(enforced)).toEqual(receipt.enforced)
    expect(names(missing)).toEqual(names(receipt.missing))
    expect(strict).toBe(receipt.missing.length === 0)
    expect(machine.kernel).toBe(release())
    expect(status).toBe(0)
    for (const { proof } of enforced) expect(proof).not.toBe('')
  })

  test('as text', () => {
    const { stdout, status, stderr } = run('doctor')
    for (const title of ['Machine', 'Enforced', 'Missing']) expect(stdout).toContain(title)
    expect(stdout).toMatch(/capabilities\s+the kernel's account/)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('on a machine with less: why, and what to change', async () => {
    const without = scratch.path('without')
    const source = fileURLToPath(new URL('../fixtures/programs/without.c', import.meta.url))
    execFileSync('cc', ['-O1', '-w', '-o', without, source])
    const { stdout, code } = await runProgram('../../../dist/cli/main.js', {
      by: [without, 'landlock', 'namespaces', '--'],
      args: ['doctor', '--json'],
    })
    const { missing, strict, machine } = JSON.parse(stdout) as Diagnosis
    expect({ code, strict, landlock: machine.landlock }).toEqual({
      code: 0,
      strict: false,
      landlock: 0,
    })
    expect(names(missing)).toEqual(expect.arrayContaining(['landlock', 'pid-namespace']))
    for (const { why, feature, advice } of missing)
      for (const text of [why, feature, advice]) expect(text).not.toBe('')
  })

  test('wrong usage', () => {
    expect(run('doctor', '--nonsense').status).toBe(2)
    expect(run('doctor', '--help').stdout).toMatch(/what to change/)
  })
})

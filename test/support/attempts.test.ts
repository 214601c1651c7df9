import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const run = async (name: string): Promise<{ code: number | null; text: string }> => {
  const { code, stdout, stderr } = await runProgram('tries-again.mjs', {
    args: [name],
    env: { ...process.env, NO_COLOR: '1' },
    limit: 25_000,
  })
  return { code, text: stdout + stderr }
}

test('what a failed attempt leaves fails nothing more', async () => {
  const { code, text } = await run('fails')
  expect(text).toContain('retry x1')
  expect(text).not.toContain('left by')
  expect(code).toBe(0)
})

test('what a good one leaves fails the run', async () => {
  const { code, text } = await run('passes')
  expect(text).toContain('1 passed')
  expect(text).toContain('left by what passes')
  expect(code).toBe(1)
})

/** Where a fat thread runs is the scheduler's business: it steps aside for once, and may run where it might before. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { open } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { until } from '../support/until.ts'

/** Longer than anybody stays awake for: each call has to wake the fat thread. In milliseconds. */
const PAUSE = 0.5
const CALLS = 400

const mayRunOn = (pid: number | string): string =>
  /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''

const placed = promisify(execFile)

async function callAndPause(): Promise<void> {
  const library = await open(fixture('answers'), { answer: 'int answer(void)' })
  try {
    for (let call = 0; call < CALLS; call++) {
      expect(library.symbols.answer.sync()).toBe(42)
      const end = performance.now() + PAUSE
      while (performance.now() < end);
    }
    // It steps aside when it has answered.
    const may = (): boolean => mayRunOn(library.thread.pid ?? 0) === mayRunOn('self')
    await until(may, 'the leave to run anywhere')
  } finally {
    await library.close()
  }
}

test('woken again and again, a fat thread may run where the program may', callAndPause)

test('on the one processor that there is, too', async () => {
  const all = mayRunOn('self')
  const [first] = all.split(/[,-]/)
  const place = async (processors: string): Promise<void> => {
    await placed('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, `${process.pid}`])
  }
  await place(first as string)
  try {
    await callAndPause()
  } finally {
    await place(all)
  }
})

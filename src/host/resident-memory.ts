import { readFileSync } from 'node:fs'

const PAGE = 4096

/**
 * Bytes of resident memory of a process, shared pages included; `undefined` when it has just ended.
 * https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
 */
export function residentMemory(pid: number): number | undefined {
  try {
    const [, pages = ''] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')
    return Number(pages) * PAGE
  } catch {
    return undefined
  }
}

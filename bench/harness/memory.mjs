import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from './unavailable.mjs'

/** So many milliseconds without a call, and a process is idle. */
const IDLE = 100

/** Which lines of smaps_rollup make which measure. */
const LINES = {
  uss: ['Private_Clean', 'Private_Dirty'],
  pss: ['Pss'],
  rss: ['Rss'],
  anonymous: ['Anonymous'],
}

/** Bytes of memory of an idle process, from /proc/PID/smaps_rollup. */
export async function memoryOf(pid, key) {
  await sleep(IDLE)
  const text = read(pid)
  return LINES[key].reduce((sum, name) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    if (kilobytes === undefined) throw new Unavailable(`the kernel does not tell ${name}`)
    return sum + Number(kilobytes) * 1024
  }, 0)
}

/** The kernel counts it in hundredths of a second, whatever its own clock. */
const TICK = 1e7

/** Nanoseconds of processor time that processes have used so far. */
export function processorTimeOf(pids) {
  return pids.reduce((sum, pid) => sum + (scheduledTime(pid) ?? countedTime(pid)), 0)
}

/** The same of this process, of all threads that it ever had; to ask for it takes next to none. */
export function ownProcessorTime() {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** Of all threads that a process has now, from the scheduler; `undefined` where it does not tell. */
function scheduledTime(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(
        ' ',
      )
      return sum + Number(nanoseconds)
    }, 0)
  } catch {
    return undefined
  }
}

function countedTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * TICK
}

/** A fat thread in a process namespace has a second process, the first one of that namespace: it counts too. */
export function processesOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const parent = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1])
  return parent === process.pid || parent === 0 ? [pid] : [pid, parent]
}

/** All processes that a process started, and theirs. */
export function descendantsOf(pid) {
  const children = new Map()
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const parent = parentOf(name)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const below = (each) => (children.get(each) ?? []).flatMap((child) => [child, ...below(child)])
  return below(pid)
}

/** `undefined` where it has ended by now. */
function parentOf(pid) {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}

function read(pid) {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error
    throw new Unavailable(
      `/proc/${pid}/smaps_rollup can't be read: the process hides from its user (it is not dumpable), only root may look`,
    )
  }
}

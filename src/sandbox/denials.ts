import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DENIAL } from '../protocol/protocol.ts'
import type { Granted } from './permissions.ts'
import { systemCalls } from './syscalls.ts'

/** A system call that was denied. */
export interface Denial {
  /** Its name, such as `openat`. */
  readonly syscall: string
  readonly args: readonly bigint[]
  /** The path that it was about, where it has one and it could be read; control characters are replaced. */
  readonly path?: string | undefined
  /** The thread that made it. */
  readonly pid: number
}

/**
 * What libraries and the C library look for by themselves, and do without: denied like all else, and not worth
 * a report. Exact paths, and folders that end in a slash.
 */
const ORDINARY = [
  '/etc/ld.so.cache',
  '/etc/ld.so.preload',
  '/etc/localtime',
  '/etc/timezone',
  '/etc/nsswitch.conf',
  '/etc/host.conf',
  '/etc/resolv.conf',
  '/etc/gai.conf',
  '/etc/ssl/openssl.cnf',
  '/etc/xml/catalog',
  '/etc/libnl/',
  '/etc/selinux/config',
  '/etc/crypto-policies/',
  '/etc/libgcrypt/',
  '/etc/gcrypt/',
  '/usr/lib/ssl/openssl.cnf',
  '/usr/lib/ssl/cert.pem',
  '/usr/lib/locale/',
  '/usr/lib/locale',
  '/usr/share/locale/',
  '/usr/share/locale-langpack/',
  '/usr/share/zoneinfo/',
  '/proc/cpuinfo',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/self/maps',
  '/proc/self/auxv',
  '/proc/self/cgroup',
  '/proc/self/mountinfo',
  '/proc/self/status',
  '/proc/self/stat',
  '/proc/self/exe',
  '/proc/self/task/',
  '/proc/sys/',
  '/proc/filesystems',
  '/proc/mounts',
  '/sys/devices/system/',
  '/sys/fs/cgroup/',
  '/sys/kernel/mm/',
  '/dev/urandom',
  '/dev/random',
  '/dev/null',
  '/dev/tty',
]
const ORDINARY_PARTS = ['/gconv/', '/gconv-modules', '/glibc-hwcaps/']

const READING = new Set([
  'open',
  'openat',
  'access',
  'faccessat',
  'stat',
  'lstat',
  'newfstatat',
  'readlink',
  'readlinkat',
  'statfs',
])

function isOrdinary(syscall: string, path: string): boolean {
  if (!READING.has(syscall)) return false
  return (
    ORDINARY.some((known) => (known.endsWith('/') ? path.startsWith(known) : path === known)) ||
    ORDINARY_PARTS.some((part) => path.includes(part))
  )
}

/** Reads the addon's records; those that nobody needs to know of are left out. */
export function denialsIn(records: Uint8Array, granted: Granted): Denial[] {
  const { nameOf } = systemCalls()
  const data = new DataView(records.buffer, records.byteOffset, records.byteLength)
  const found: Denial[] = []
  for (let at = 0; at + DENIAL.bytes <= records.length; at += DENIAL.bytes) {
    const number = data.getUint32(at + DENIAL.at.number, true)
    const syscall = nameOf.get(number) ?? `system call ${number}`
    const length = Math.min(
      Number(data.getBigUint64(at + DENIAL.at.length, true)),
      DENIAL.bytes - DENIAL.at.path,
    )
    const start = at + DENIAL.at.path
    const path = length === 0 ? undefined : pathText(records.slice(start, start + length))
    if (path !== undefined && isOrdinary(syscall, path)) continue
    const denied = data.getUint32(at + DENIAL.at.denied, true) !== 0
    if (!denied && !isRefused(syscall, path, granted)) continue
    const args = Array.from({ length: 6 }, (_, index) =>
      data.getBigUint64(at + DENIAL.at.arguments + index * 8, true),
    )
    found.push({ syscall, args, path, pid: data.getUint32(at + DENIAL.at.process, true) })
  }
  return found
}

function pathText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8')
  return text.replaceAll(/\p{Cc}/gu, '\u{fffd}')
}

/** Only looks, which the kernel's own check lets through: what is there to be seen is another matter. */
const LOOKING = new Set([...READING].filter((name) => name !== 'open' && name !== 'openat'))

/** Whether the kernel's own check refuses it: not below a permitted path, with all links followed. */
function isRefused(syscall: string, path: string | undefined, granted: Granted): boolean {
  return path !== undefined && !LOOKING.has(syscall) && !isPermitted(path, granted)
}

function isPermitted(path: string, { read, write }: Granted): boolean {
  const real = realPath(resolve('/', path))
  return [...read, ...write].some(
    (root) => real === root || root === '/' || real.startsWith(`${root}/`),
  )
}

/** Of what does not exist, as far as it does. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path === '/' ? path : join(realPath(dirname(path)), basename(path))
  }
}

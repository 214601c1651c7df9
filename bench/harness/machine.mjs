import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

function versionOf(folder) {
  try {
    return JSON.parse(readFileSync(`${ROOT}${folder}package.json`, 'utf8')).version
  } catch {
    return 'not installed'
  }
}

function libc() {
  process.report.excludeNetwork = true // it would look up names
  const { glibcVersionRuntime } = process.report.getReport().header
  return glibcVersionRuntime === undefined ? 'not glibc' : `glibc ${glibcVersionRuntime}`
}

function virtual() {
  try {
    return /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

/** What the numbers were taken on. */
export const machine = () => ({
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  virtual: virtual(),
  memory: totalmem(),
  kernel: `${type()} ${release()}`,
  libc: libc(),
  node: process.versions.node,
  koffi: versionOf('node_modules/koffi/'),
  fatThreads: versionOf(''),
})

// Programs and libraries in C that the measures need, compiled when first asked for.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Unavailable } from './unavailable.mjs'

const SOURCES = fileURLToPath(new URL('../native/', import.meta.url))
const BUILT = fileURLToPath(new URL('../../build/bench/', import.meta.url))

const modified = (path) => statSync(path).mtimeMs

const headers = () => readdirSync(SOURCES).filter((name) => name.endsWith('.h'))

/** When a source was changed last, or what it may include. */
const changed = (source) =>
  Math.max(modified(source), ...headers().map((name) => modified(SOURCES + name)))

function compiled(name, target, flags) {
  const source = `${SOURCES}${name}.c`
  if (existsSync(target) && modified(target) >= changed(source)) return target
  mkdirSync(BUILT, { recursive: true })
  // Two runs at once each build a file of their own, and the last rename wins.
  const unfinished = `${target}.${process.pid}`
  try {
    const options = ['-std=c11', '-O2', '-Wall', '-Wextra', ...flags, '-o', unfinished, source]
    execFileSync(process.env.CC ?? 'cc', options, { stdio: 'pipe' })
  } catch (error) {
    throw new Unavailable(`${name}.c can't be compiled here: ${error.message.split('\n')[0]}`)
  }
  renameSync(unfinished, target)
  return target
}

/** Path of the program that bench/native/<name>.c makes. */
export const program = (name, flags = []) => compiled(name, `${BUILT}${name}`, flags)

/** Path of the shared library that bench/native/<name>.c makes. */
export const library = (name) => compiled(name, `${BUILT}${name}.so`, ['-shared', '-fPIC'])

/** Runs a program that prints one number a line. */
export function numbersOf(path, args) {
  const text = execFileSync(path, args.map(String), { encoding: 'utf8' })
  return text.trim().split('\n').map(Number)
}

/** The processors that this process may use, from `Cpus_allowed_list`: `0-2,5`. */
export function allowedProcessors() {
  const status = readFileSync('/proc/self/status', 'utf8')
  const list =
    /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? `0-${availableParallelism() - 1}`
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

function coreOf(processor) {
  const folder = `/sys/devices/system/cpu/cpu${processor}/topology`
  try {
    return readFileSync(`${folder}/thread_siblings_list`, 'utf8').trim()
  } catch {
    return String(processor)
  }
}

/** Two processors, of two cores where the machine shows two. */
export function twoProcessors() {
  const [first, ...others] = allowedProcessors()
  const second = others.find((each) => coreOf(each) !== coreOf(first)) ?? others[0]
  if (second === undefined) throw new Unavailable('needs two processors')
  return [first, second]
}

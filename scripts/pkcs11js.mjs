// Builds the addon of npm's pkcs11js, which the tests and the benchmarks put beside fat threads. Its own way needs
// node-gyp, Python and Node's headers from the network; it is three files of C++.
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT, run } from './steps.mjs'

const CXX = process.env.CXX ?? 'c++'
const HOME = join(ROOT, 'node_modules', 'pkcs11js')
const ADDON = join(HOME, 'build', 'Release', 'pkcs11.node')

/** Why it is not there, or `undefined` where it is; `build` is called before it is built. */
export function buildPkcs11js(begin = () => {}) {
  if (existsSync(ADDON)) return undefined
  if (!run(CXX, ['--version']).ok) return `the C++ compiler ${CXX} is missing: apt-get install g++`
  begin()
  mkdirSync(join(ADDON, '..'), { recursive: true })
  const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers')
  const unfinished = `${ADDON}.${process.pid}`
  const { ok, output } = run(CXX, [
    ...['-std=c++17', '-O2', '-w', '-fPIC', '-shared', '-fvisibility=hidden'],
    ...['-DNODE_GYP_MODULE_NAME=pkcs11', '-DNAPI_DISABLE_CPP_EXCEPTIONS'],
    ...[`-I${headers}`, `-I${join(HOME, 'includes')}`],
    ...['dl.cpp', 'common.cpp', 'main.cpp'].map((name) => join(HOME, 'src', name)),
    ...['-o', unfinished],
  ])
  if (!ok) return `pkcs11js does not build:\n${output}`
  renameSync(unfinished, ADDON)
  return undefined
}

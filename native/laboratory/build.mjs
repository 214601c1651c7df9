// What the laboratory is made of: its program, the runner that some strategies execute, an object that can be
// executed, its witnesses within Node, and one library a deed.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const CRYPTO = {
  soname: 'libcrypto.so.3',
  source: 'unsigned long OpenSSL_version_num(void){return 0;}',
}

const sources = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(folder, name))

/**
 * Compiles all of it. `compile(name, options, output)` runs the compiler; `common` and `linked` are the options of
 * everything native, `nodeHeaders` those for Node's headers.
 */
export function buildLaboratory({ folder, out, common, linked, nodeHeaders, compile, keep }) {
  const at = (name) => join(folder, name)
  const to = (name) => join(out, name)
  const shared = ['-fPIC', '-shared', ...linked]
  const here = `-I${folder}`
  mkdirSync(out, { recursive: true })

  compile(
    'runner',
    [...common, '-fPIE', at('runner.c'), at('serve.c'), '-pie', ...linked],
    to('runner'),
  )
  const digest = existsSync(to('runner'))
    ? createHash('sha256')
        .update(readFileSync(to('runner')))
        .digest('hex')
    : ''
  const object = [...common, here, at('object.c'), at('serve.c'), ...shared, '-Wl,-e,enter']
  compile('object.so', object, to('object.so'))
  compile('program.so', [...common, at('program-library.c'), ...shared], to('program.so'))

  const trial = ['report.c', 'in-process.c', 'witnesses.c', 'trial.c', 'measure.c'].map(at)
  const witnesses = sources(at('witnesses'))
  const program = ['main.c', 'program-names.c', 'serve.c', 'folder.c', 'child.c', 'sha256.c'].map(
    at,
  )
  compile(
    'laboratory',
    [
      ...common,
      here,
      '-fPIE',
      `-DRUNNER="${to('runner')}"`,
      `-DRUNNER_SHA256="${digest}"`,
      ...program,
      ...trial,
      ...witnesses,
      ...sources(at('strategies')),
      '-pie',
      ...linked,
      // It exports what Node exports too.
      '-rdynamic',
      '-Wl,-rpath,$ORIGIN',
      ...(keep ? [to('program.so')] : []),
      '-lpthread',
      '-ldl',
    ],
    to('laboratory'),
  )
  compile(
    'laboratory.node',
    [
      ...common,
      here,
      ...nodeHeaders,
      at('node.c'),
      ...trial,
      ...witnesses,
      at('strategies/dlopen.c'),
      ...shared,
      '-lpthread',
      '-ldl',
    ],
    to('laboratory.node'),
  )
  buildDeeds({ folder, out, options: [...common, here], shared, compile, keep })
}

function buildDeeds({ folder, out, options, shared, compile, keep }) {
  const crypto = join(out, CRYPTO.soname)
  if (keep) {
    // What is linked against only has to have the name: the machine that runs it has the library, or has not.
    const source = join(out, 'libcrypto.c')
    writeFileSync(source, CRYPTO.source)
    compile(CRYPTO.soname, ['-fPIC', '-shared', `-Wl,-soname,${CRYPTO.soname}`, source], crypto)
    rmSync(source)
  }
  const extra = {
    'hunts-in-memory': [join(folder, '../../examples/libraries/hunts-for-a-secret.c')],
    'changes-the-rounding': ['-lm'],
    'needs-libcrypto': keep ? [crypto] : [],
  }
  // As any library does that does more than these.
  const needs = ['-lpthread', '-Wl,--no-as-needed', '-lc']
  for (const source of sources(join(folder, 'deeds'))) {
    const name = basename(source, '.c')
    const inputs = [source, ...(extra[name] ?? [])]
    // One page for each kind of memory would be more than all that is in them.
    compile(
      name,
      [...options, ...inputs, ...shared, '-Wl,-z,noseparate-code', ...needs],
      join(out, `${name}.so`),
    )
  }
  rmSync(crypto, { force: true })
}

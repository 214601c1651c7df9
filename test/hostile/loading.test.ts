/** Libraries that do their deed while they are loaded, and files that are no proper library. */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { IntegrityError, type Library, LoadError, open } from '../../src/index.ts'
import { build, FIXTURES, fixture } from '../fixtures/build.ts'
import {
  chain,
  cut,
  cycle,
  DT,
  FORGED,
  forged,
  inForged,
  needsMany,
  PT,
  twoVersions,
} from '../fixtures/forged.ts'
import { callBesideChannel, callInProcess, control, type Ended } from '../support/control.ts'
import {
  bounded,
  breaks,
  clean,
  crash,
  dies,
  either,
  exit,
  exits,
  gives,
  type Harm,
  hangs,
  refused,
  reports,
  settle,
  timeout,
  violation,
} from '../support/outcomes.ts'
import { program, unharmed } from '../support/program.ts'
import { Pulse } from '../support/pulse.ts'
import { describeLoads, describeRows, OPTIONS, type Row, warmUp } from '../support/rows.ts'

const X64 = { processor: 'x64' } as const

describeLoads('constructors', [
  {
    deed: 'crashes in a constructor',
    fixture: 'crashes-in-constructor',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n }),
  },
  {
    deed: 'needs a library that crashes in a constructor',
    fixture: 'needs-a-crashing-library',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n }),
  },
  {
    deed: 'recurses without end in a constructor',
    fixture: 'recurses-in-constructor',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV'),
  },
  {
    deed: 'aborts in a constructor',
    fixture: 'aborts-in-constructor',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT', { lastWords: /no licence found/ }),
  },
  {
    deed: 'throws in a constructor',
    fixture: 'throws-in-constructor',
    harm: dies('SIGABRT'),
    outcome: crash('SIGABRT', { lastWords: /thrown while loading/ }),
  },
  {
    deed: 'kills itself in a constructor',
    fixture: 'kills-itself-in-constructor',
    harm: dies('SIGKILL'),
    outcome: crash('SIGKILL'),
  },
  {
    deed: 'calls _exit(0) in a constructor',
    fixture: 'exits-at-once-in-constructor',
    harm: exits(0),
    outcome: exit(0),
  },
  {
    deed: 'calls exit(3) in a constructor',
    fixture: 'exits-in-constructor',
    harm: exits(3),
    outcome: exit(3),
  },
  {
    deed: 'ends its thread in a constructor',
    fixture: 'ends-its-thread-in-constructor',
    harm: breaks,
    outcome: either(timeout(), exit(0)),
  },
  {
    deed: 'never returns from a constructor',
    fixture: 'hangs-in-constructor',
    harm: hangs,
    outcome: timeout(),
  },
  {
    deed: 'loops in a constructor with signals blocked',
    fixture: 'loops-in-constructor',
    harm: hangs,
    outcome: timeout(),
  },
  {
    deed: 'stops in a constructor',
    fixture: 'stops-in-constructor',
    harm: hangs,
    outcome: timeout(),
  },
  {
    deed: 'closes every descriptor in a constructor',
    fixture: 'closes-descriptors-in-constructor',
    harm: breaks,
    outcome: either(gives(1), violation, timeout()),
    poisons: true,
  },
  {
    deed: 'answers in the name of the host in a constructor',
    fixture: 'answers-in-constructor',
    harm: hangs,
    control: (library, patience) =>
      callBesideChannel(library, fixture('stands-in-for-the-channel'), patience),
    outcome: either(violation, timeout()),
    poisons: true,
  },
  {
    deed: 'gives an endless reason for a failed load',
    fixture: 'fails-to-load-at-length-in-constructor',
    harm: hangs,
    control: (library, patience) =>
      callBesideChannel(library, fixture('stands-in-for-the-channel'), patience),
    outcome: clean(either(violation, timeout(), refused)),
  },
  {
    deed: 'floods the output in a constructor',
    fixture: 'floods-in-constructor',
    harm: { text: 'floods the output', shown: (ended) => ended.outputBytes > 1e8 },
    outcome: gives(1),
    options: { stdout: 'pipe' },
    limit: 10_000,
  },
])

describeLoads('resolvers', [
  {
    deed: 'crashes in an IFUNC resolver',
    fixture: 'crashes-in-resolver',
    harm: dies('SIGSEGV'),
    outcome: crash('SIGSEGV', { address: 0n }),
  },
  {
    deed: 'loops in an IFUNC resolver',
    fixture: 'hangs-in-resolver',
    harm: hangs,
    outcome: timeout(),
  },
  {
    deed: 'leaves in an IFUNC resolver',
    fixture: 'exits-in-resolver',
    harm: exits(0),
    outcome: exit(0),
  },
])

/** Runs something with variables in the program's own environment, as a user would have exported them. */
async function withEnvironment<T>(
  variables: Readonly<Record<string, string>>,
  run: () => Promise<T>,
): Promise<T> {
  Object.assign(process.env, variables)
  try {
    return await run()
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
  }
}

/** The deed is done by the environment of the program: the library only looks whether it came through. */
function environment(
  deed: string,
  fixtureName: string,
  variables: () => Readonly<Record<string, string>>,
): Row {
  return {
    deed,
    fixture: fixtureName,
    harm: reports('it comes through', (value) => Number(value) > 0),
    control: (library) => callInProcess(library, { env: variables(), timeout: 5000 }),
    outcome: gives(0),
    act: () =>
      withEnvironment(variables(), async () => {
        const library = await open(fixture(fixtureName), { deed: 'int deed(void)' }, OPTIONS)
        const settled = await settle(() => library.symbols.deed())
        await library.close()
        return settled
      }),
  }
}

describeRows('the environment of the program', [
  environment('reads the environment', 'reads-environment-in-constructor', () => ({
    FAT_THREAD_TEST: 'secret',
  })),
  environment('LD_PRELOAD', 'looks-for-the-mark', () => ({
    LD_PRELOAD: fixture('marks-its-process'),
  })),
  environment('LD_AUDIT', 'looks-for-the-mark', () => ({ LD_AUDIT: fixture('marks-its-process') })),
  environment('GLIBC_TUNABLES', 'feels-for-tunables', () => ({
    GLIBC_TUNABLES: 'glibc.malloc.perturb=90',
  })),
])

describeRows('names of the host', [
  {
    deed: 'exports what the host uses',
    fixture: 'exports-what-the-host-uses',
    harm: { text: 'breaks the program where it comes first', shown: (ended) => !ended.begun },
    control: (library) => callInProcess(library, { env: { LD_PRELOAD: library } }),
    outcome: gives(0),
    act: async (library) => {
      const text = library.func('const char *text(void)')
      for (let turn = 0; turn < 10; turn++) {
        expect(await text()).toBe('written by the library')
        expect(text.sync()).toBe('written by the library')
      }
      return await settle(() => library.symbols.deed())
    },
  },
])

/** The system's loader refuses it too, hangs over it or dies of it: it really is no proper library. */
const unfit: Harm = { text: 'is refused, hangs or breaks', shown: breaks.shown }

/** The system's loader takes it without a word. */
const loaded = reports('is loaded', (value) => value === 1)

const file = (deed: string, make: () => string, harm: Harm = unfit, outcome = refused): Row => ({
  deed,
  fixture: make,
  harm,
  outcome,
})

describeLoads(
  'what a hardened library has not',
  [
    file('executable stack', () => fixture('has-an-executable-stack'), loaded),
    { ...file('text relocations', () => fixture('has-text-relocations'), loaded), ...X64 },
    file(
      'a segment to write and to execute',
      forged('writable-code', (_bytes, headers) => headers.set(PT.LOAD, 4, 7n)),
      loaded,
    ),
    file('a need by its absolute path', () => fixture('needs-an-absolute-path'), loaded),
    file(
      'a need by a path with ../',
      inForged('dots/library.so', (path) => {
        mkdirSync(join(FORGED, 'dots'), { recursive: true })
        copyFileSync(fixture('answers'), join(FORGED, 'outside.so'))
        const source = join(FORGED, 'dots', 'library.c')
        writeFileSync(source, 'int deed(void) { return 1; }')
        // The linker keeps the path as it was given, seen from where it ran.
        execFileSync(
          'cc',
          ['-shared', '-fPIC', '-Wl,--no-as-needed', '-o', path, source, '../outside.so'],
          { cwd: join(FORGED, 'dots'), stdio: 'pipe' },
        )
      }),
      reports('is loaded, from a good folder', (value) => value === 1),
    ),
    file(
      'a RUNPATH that leads out of its folder',
      inForged('runpath/library.so', (path) => {
        mkdirSync(join(FORGED, 'runpath'), { recursive: true })
        copyFileSync(fixture('answers'), join(FORGED, 'elsewhere.so'))
        const source = join(FORGED, 'runpath', 'library.c')
        writeFileSync(source, 'int deed(void) { return 1; }')
        build(source, path, [
          '-Wl,--no-as-needed',
          '-Wl,-rpath,$ORIGIN/..',
          `-L${FORGED}`,
          '-l:elsewhere.so',
        ])
      }),
      loaded,
    ),
  ].map((row) =>
    row.deed.includes('../')
      ? {
          ...row,
          control: (library: string) =>
            control(`process.chdir(${JSON.stringify(join(FORGED, 'dots'))})
            begin()
            report(koffi.load(${JSON.stringify(library)}).func('int deed(void)')())`),
        }
      : row,
  ),
)

describeLoads('files that are no library', [
  file(
    'an empty file',
    cut('empty', () => 0),
  ),
  file(
    'a file of three bytes',
    cut('three-bytes', () => 3),
  ),
  file(
    'a header without its end',
    cut('half-a-header', () => 63),
  ),
  file(
    'a header alone',
    cut('header', () => 64),
  ),
  file(
    'half a library',
    cut('half', (all) => all >> 1),
  ),
  file(
    'a library that ends inside its code',
    cut('code', () => 0x1010),
  ),
  file(
    'text',
    inForged('text.so', (path) => writeFileSync(path, 'INPUT(libc.so.6)\n')),
  ),
  file(
    'a folder',
    inForged('folder.so', (path) => mkdirSync(path)),
  ),
  file(
    'a FIFO',
    inForged('fifo.so', (path) => void execFileSync('mkfifo', [path])),
  ),
  file(
    'a link to itself',
    inForged('loop.so', (path) => symlinkSync(path, path)),
  ),
  file(
    'a link to nowhere',
    inForged('nowhere.so', (path) => symlinkSync('/nonexistent.so', path)),
  ),
  file('an endless device', () => '/dev/zero'),
  file('a device of nothing', () => '/dev/null'),
  file('a file of the kernel', () => '/proc/self/mem'),
  file(
    'a sparse terabyte',
    inForged('sparse.so', (path) => {
      writeFileSync(path, readFileSync(fixture('answers')).subarray(0, 100))
      truncateSync(path, 2 ** 40)
    }),
  ),
  file('no file', () => join(FIXTURES, 'there-is-no-such.so')),
  file('an executable', () => process.execPath),
  file(
    'another processor',
    forged('aarch64', (bytes) => void bytes.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18)),
  ),
  file(
    '32 bits',
    forged('32-bits', (bytes) => void bytes.writeUInt8(1, 4)),
  ),
  file(
    'the other byte order',
    forged('big-endian', (bytes) => void bytes.writeUInt8(2, 5)),
  ),
  file(
    'a core dump',
    forged('core', (bytes) => void bytes.writeUInt16LE(4, 16)),
  ),
  file(
    'no program header',
    forged('no-headers', (bytes) => void bytes.writeUInt16LE(0, 56)),
  ),
  file(
    '65535 program headers',
    forged('many-headers', (bytes) => void bytes.writeUInt16LE(0xffff, 56)),
  ),
  file(
    'program headers behind the end',
    forged('headers-outside', (bytes) => void bytes.writeBigUInt64LE(1n << 62n, 32)),
  ),
  file(
    'a huge segment',
    forged('huge', (_bytes, headers) => headers.set(PT.LOAD, 40, 1n << 62n)),
  ),
  file(
    'a segment that overflows',
    forged('overflow', (_bytes, headers) => headers.set(PT.LOAD, 40, 0xffff_ffff_ffff_f000n)),
    loaded,
  ),
  file(
    'a segment behind the end',
    forged('behind', (_bytes, headers) => {
      headers.set(PT.LOAD, 32, 1n << 30n)
      headers.set(PT.LOAD, 40, 1n << 30n)
    }),
  ),
  file(
    'a dynamic section behind the end',
    forged('no-dynamic', (_bytes, headers) => {
      headers.set(PT.DYNAMIC, 8, 1n << 40n)
      headers.set(PT.DYNAMIC, 16, 1n << 40n)
    }),
  ),
])

/** What the loader runs or follows as it is: the fat thread dies of it, or the reader refuses it before. */
const broken = either(refused, crash(/^SIG(SEGV|BUS|ILL|TRAP)$/), bounded)

describeLoads('libraries with a lying dynamic section', [
  file(
    'names nowhere',
    forged('strtab', (_bytes, headers) => headers.setDynamic(DT.STRTAB, 1n << 46n)),
    breaks,
    broken,
  ),
  file(
    'symbols nowhere',
    forged('symtab', (_bytes, headers) => headers.setDynamic(DT.SYMTAB, 1n << 46n)),
    breaks,
    broken,
  ),
  file(
    'a hash table nowhere',
    forged('hash', (_bytes, headers) => headers.setDynamic(DT.GNU_HASH, 1n << 46n)),
    breaks,
    broken,
  ),
  file(
    'a constructor nowhere',
    forged('init', (_bytes, headers) => headers.setDynamic(DT.INIT, 0x4141_4141n)),
    breaks,
    broken,
  ),
])

const DEPENDENCIES = 1000

describeLoads('dependencies', [
  file('a cycle', cycle, loaded, gives(1)),
  file('a hundred', needsMany('hundred', 100), loaded, either(gives(1), refused)),
  file('a thousand', needsMany('thousand', DEPENDENCIES), loaded, either(gives(1), refused)),
  file('a chain of a thousand', chain(DEPENDENCIES), loaded, either(gives(1), refused)),
])

const DECLARATIONS = { deed: 'int deed(void)', answer: 'int answer(void)' } as const

describe('a file that is exchanged', { timeout: 60_000 }, () => {
  beforeAll(warmUp)

  const harm = (target: string, first: string, exchange: string): Promise<Ended> =>
    control(`const fs = require('node:fs')
      fs.copyFileSync(${JSON.stringify(first)}, ${JSON.stringify(target)})
      begin()
      const deed = koffi.load(${JSON.stringify(target)}).func('int deed(void)')
      ${exchange}
      report(deed())`)

  test('overwritten in place after it was loaded: the bytes that were read run', async (context) => {
    const { first, second, target } = twoVersions()
    const ended = await harm(
      target,
      first,
      `fs.writeFileSync(${JSON.stringify(target)}, fs.readFileSync(${JSON.stringify(second)}))`,
    )
    context.skip(ended.reported === 1, 'the running code did not change in-process')
    const before = program()
    copyFileSync(first, target)
    const library = await open(target, DECLARATIONS, OPTIONS)
    writeFileSync(target, readFileSync(second))
    expect(await library.symbols.deed()).toBe(1)
    await library.reload()
    expect(await library.symbols.deed(), 'after reload()').toBe(2)
    await library.close()
    await unharmed(before)
  })

  test('truncated after it was loaded', async (context) => {
    const { first, target } = twoVersions()
    const ended = await harm(target, first, `fs.truncateSync(${JSON.stringify(target)}, 0)`)
    context.skip(!breaks.shown(ended), 'the truncation did no harm in-process')
    const before = program()
    copyFileSync(first, target)
    const library = await open(target, DECLARATIONS, OPTIONS)
    truncateSync(target, 0)
    expect(await library.symbols.deed()).toBe(1)
    const { error } = await settle(() => library.reload())
    expect(error).toBeInstanceOf(LoadError)
    expect(await library.symbols.answer(), 'after the reload that failed').toBe(42)
    await library.close()
    await unharmed(before)
  })

  test('exchanged again and again while it is opened: one version or the other, whole', async () => {
    const { first, second, target } = twoVersions()
    const before = program()
    const pulse = new Pulse()
    let version = 0
    const timer = setInterval(() => {
      const next = `${target}.next`
      copyFileSync(++version % 2 === 0 ? first : second, next)
      renameSync(next, target)
    }, 1)
    copyFileSync(first, target)
    try {
      for (let turn = 0; turn < 40; turn++) {
        const library = await open(target, DECLARATIONS, OPTIONS)
        expect([1, 2]).toContain(await library.symbols.deed())
        expect(await library.symbols.answer()).toBe(42)
        await library.close()
      }
    } finally {
      clearInterval(timer)
    }
    expect(pulse.stop()).toBeLessThan(500)
    await unharmed(before)
  })

  test('exchanged against its hash: the hashed bytes run, or nothing', async () => {
    const { first, second, target } = twoVersions()
    const digest = await crypto.subtle.digest('SHA-256', readFileSync(first))
    const integrity = `sha256-${Buffer.from(digest).toString('base64')}`
    const before = program()
    const outcomes = new Set<unknown>()
    for (let turn = 0; turn < 20; turn++) {
      copyFileSync(turn % 4 === 3 ? second : first, target)
      const opening = settle(() => open(target, DECLARATIONS, { ...OPTIONS, integrity }))
      writeFileSync(target, readFileSync(turn % 2 === 0 ? second : first))
      const { value, error } = await opening
      if (error !== undefined) {
        expect(error).toBeInstanceOf(IntegrityError)
        expect(error).toMatchObject({ expected: integrity, code: 'ERR_FAT_THREAD_INTEGRITY' })
        outcomes.add('refused')
        continue
      }
      const library = value as Library<typeof DECLARATIONS>
      outcomes.add(await library.symbols.deed())
      await library.close()
    }
    expect(outcomes, 'never the other version').toEqual(new Set([1, 'refused']))
    await unharmed(before)
  })
})

/** Libraries that write into the memory and the descriptors between them and the program. */
import { beforeAll, describe, expect, test } from 'vitest'
import { ViolationError } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'
import { callBesideChannel, control } from '../support/control.ts'
import {
  bounded,
  boundedBy,
  breaks,
  clean,
  crash,
  dies,
  either,
  exit,
  exits,
  gives,
  type Harm,
  LIMIT,
  type Outcome,
  reports,
  type Settled,
  settle,
  text,
  timeout,
  violation,
} from '../support/outcomes.ts'
import { program, unharmed } from '../support/program.ts'
import { call, describeRows, openRow, type Row, warmUp } from '../support/rows.ts'

const STAND_IN = 'stands-in-for-the-channel'

/** In-process there is no channel; beside a stand-in the library must show that it gets at it. */
const touches: Harm = {
  text: 'gets at a stand-in for the channel',
  // Where it reports, what ends it is its own doing.
  shown: (ended) => (ended.reported === undefined ? breaks.shown(ended) : ended.reported === 1),
}

/**
 * A row of this group: the control runs beside the stand-in, the library must find something to attack
 * in its fat thread too, and what it goes on doing afterwards must stay harmless.
 */
function liar(deed: string, fixtureName: string, outcome: Outcome, more: Partial<Row> = {}): Row {
  return {
    deed,
    fixture: fixtureName,
    harm: touches,
    outcome,
    control: (library, patience) =>
      callBesideChannel(library, fixture(STAND_IN), patience, more.prototype, more.args),
    finds: true,
    next: 'settles',
    ...more,
  }
}

describeRows('overwriting the channel', [
  liar('overwrites it with zeros', 'overwrites-the-channel-with-zeros', bounded),
  liar('overwrites it with ones', 'overwrites-the-channel-with-ones', bounded),
  liar('overwrites it at random', 'overwrites-the-channel-at-random', bounded),
  liar('overwrites it at random without end', 'overwrites-the-channel-forever', bounded),
  liar('overwrites it with small numbers without end', 'overwrites-small-numbers-forever', bounded),
  liar('punches holes into it', 'punches-holes-into-the-channel', bounded),
  liar('rewrites requests without end', 'rewrites-requests', bounded),
])

describeRows('taking the memory away', [
  liar('shrinks and grows it', 'resizes-the-channel', gives(0), { next: 'works' }),
  liar('seals it', 'seals-the-channel', gives(0), { next: 'works' }),
  liar('unmaps it', 'unmaps-the-channel', crash(/^SIG(SEGV|BUS)$/), { next: 'works' }),
  liar('makes it read-only', 'makes-the-channel-read-only', crash('SIGSEGV'), { next: 'works' }),
  liar('replaces it by other memory', 'replaces-the-channel', timeout(), { next: 'works' }),
])

describeRows('the doorbells', [
  liar('closes every descriptor', 'closes-every-descriptor', bounded),
  liar(
    'closes every descriptor and hangs',
    'closes-every-descriptor-and-hangs',
    either(violation, timeout()),
  ),
  liar('replaces every descriptor', 'replaces-every-descriptor', bounded),
  liar('shuts every socket', 'shuts-every-socket', bounded),
  liar('writes junk into every descriptor', 'writes-junk-into-every-descriptor', bounded),
  liar('rings without end', 'rings-without-end', bounded),
  liar('takes the messages of the host', 'reads-every-doorbell', bounded),
  liar('sends descriptors that nobody asked for', 'sends-descriptors', bounded),
  liar('scribbles on the sleep flags', 'scribbles-on-sleep-flags', bounded),
  liar('says that everybody is awake', 'says-that-everybody-is-awake', bounded),
])

/** Asks again, and gives the end of the second call. */
const askAgain: Row['act'] = async (library, mode) => {
  gives(1).check(await call(library, mode))
  return await call(library, mode, 'answer')
}

/** Beyond what is left of a request's slot, of any text, of 31 and of 32 bits. */
const LENGTHS = [0x400, 0x10000, 0x2000_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]

const claims = (fixtureName: string, length: number): Row =>
  liar(
    `claims a text of ${length} bytes (${fixtureName})`,
    fixtureName,
    either(bounded, violation),
    {
      prototype: 'const char *deed(unsigned int length)',
      args: [length],
      // To fetch what does not fit the slot, the program asks a process that answers no more.
      next: 'works',
    },
  )

describeRows('forging responses', [
  liar(
    'answers its own call before it returns',
    'answers-before-it-returns',
    either(gives(1), gives(666), violation),
  ),
  liar('answers calls that nobody made', 'answers-calls-that-nobody-made', violation, {
    act: askAgain,
    next: 'works',
  }),
  liar('answers calls as soon as they are made', 'answers-as-fast-as-it-can', bounded),
  liar('answers out of order', 'answers-out-of-order', either(violation, timeout()), {
    act: async (library, mode) => {
      const deed = call(library, mode)
      const behind = Array.from({ length: 8 }, () => call(library, mode, 'answer'))
      for (const settled of await Promise.all(behind)) expect(settled.value).not.toBe(666)
      return await deed
    },
    awaitedOnly: 'needs several calls in flight',
    next: 'works',
  }),
  liar('repeats old answers without end', 'repeats-old-answers', bounded),
  liar('answers with a status that is none', 'answers-with-unknown-status', violation, {
    next: 'works',
  }),
  liar('answers with the status of another operation', 'answers-with-wrong-status', violation, {
    next: 'works',
  }),
  liar('answers half and hangs', 'answers-half-and-hangs', timeout(), { next: 'works' }),
  ...LENGTHS.map((length) => claims('claims-text-of-any-length', length)),
  ...LENGTHS.map((length) => claims('claims-text-in-its-own-way', length)),
])

describeRows('saying wrong things about itself', [
  liar('lies about what has begun', 'lies-about-what-has-begun', bounded),
  liar('says that its call never began', 'says-that-its-call-never-began', timeout(), {
    next: 'works',
  }),
  liar('says that a later call began', 'says-that-a-later-call-began', timeout(), {
    next: 'works',
  }),
  liar('rewrites the start', 'rewrites-the-start', gives(1), { next: 'works' }),
  liar('rewrites the start and crashes', 'rewrites-the-start-and-crashes', crash('SIGSEGV'), {
    next: 'works',
  }),
  liar('forges a crash report and is killed', 'forges-a-crash-report', crash('SIGKILL'), {
    harm: dies('SIGKILL'),
    next: 'works',
  }),
  liar('forges a crash report and leaves', 'forges-a-crash-report-and-exits', exit(0), {
    harm: exits(0),
    next: 'works',
  }),
  liar('forges a crash report and goes on', 'forges-a-crash-report-and-goes-on', gives(1), {
    next: 'works',
  }),
  liar('changes a crash report while it is read', 'forges-a-crash-report-forever', crash(/^SIG/), {
    next: 'works',
  }),
])

/** The deed, while other calls are under way on all lanes. */
const amid: Row['act'] = async (library, mode) => {
  const others = Array.from({ length: 60 }, () => call(library, 'awaited', 'answer'))
  const settled = await call(library, mode)
  for (const other of await Promise.all(others)) bounded.check(other)
  return settled
}

describeRows(
  'several lanes',
  [
    ['overwrites them with zeros', 'overwrites-the-channel-with-zeros'],
    ['overwrites them with ones', 'overwrites-the-channel-with-ones'],
    ['overwrites them at random', 'overwrites-the-channel-at-random'],
    ['overwrites them at random without end', 'overwrites-the-channel-forever'],
    ['overwrites them with small numbers without end', 'overwrites-small-numbers-forever'],
    ['rewrites requests without end', 'rewrites-requests'],
    ['answers on every lane what nobody asked', 'answers-on-every-lane'],
    ['calls back on every lane without end', 'calls-back-on-every-lane-forever'],
    ['answers calls that nobody made', 'answers-calls-that-nobody-made'],
    ['closes every descriptor', 'closes-every-descriptor'],
    ['rings without end', 'rings-without-end'],
    ['takes the messages of the host', 'reads-every-doorbell'],
    ['scribbles on the sleep flags', 'scribbles-on-sleep-flags'],
    ['lies about what has begun', 'lies-about-what-has-begun'],
  ].map(([deed = '', name = '']) =>
    liar(deed, name, bounded, { options: { threads: 4 }, act: amid }),
  ),
)

/** Calls often: what changes between two looks shows only now and then. */
const callOften = async (library: Parameters<NonNullable<Row['act']>>[0]): Promise<Settled> => {
  for (let turn = 0; turn < 300; turn++) {
    const settled = await call(library, turn % 2 === 0 ? 'awaited' : 'sync')
    bounded.check(settled)
    if (typeof settled.value === 'string') expect(settled.value.length).toBeLessThan(1024)
  }
  return { value: 1, elapsed: 0, passed: 0 }
}

describeRows('changing what is being read', [
  liar('flips lengths without end', 'flips-lengths-forever', gives(1), {
    prototype: 'const char *deed(void)',
    act: callOften,
  }),
  liar('flips the bytes of texts without end', 'flips-texts-forever', gives(1), {
    prototype: 'const char *deed(void)',
    act: callOften,
  }),
])

const TEXT = 'const char *deed(void)'

describeRows('texts', [
  {
    deed: 'returns text that is no text',
    fixture: 'returns-text-with-escapes',
    prototype: TEXT,
    harm: reports('gets the bytes as they are', (value) => String(value).includes('__proto__')),
    outcome: text(/owned.*__proto__$/s),
  },
  {
    deed: 'says last words that a terminal obeys',
    fixture: 'dies-with-escapes',
    harm: { text: 'reaches the terminal', shown: (ended) => ended.output.includes('\x1b]0;') },
    outcome: clean(crash('SIGABRT', { lastWords: /__proto__.*constructor/ })),
  },
  {
    deed: 'crashes under a name that a terminal obeys',
    fixture: 'crashes-under-a-name-with-escapes',
    harm: dies('SIGSEGV'),
    outcome: clean(crash('SIGSEGV')),
  },
  ...['returns-endless-text', 'returns-text-nowhere', 'returns-kernel-text'].map(
    (name): Row => ({
      deed: name.replaceAll('-', ' '),
      fixture: name,
      prototype: TEXT,
      harm: dies('SIGSEGV'),
      outcome: crash('SIGSEGV'),
    }),
  ),
  {
    deed: 'returns a gigabyte of text',
    fixture: 'returns-a-gigabyte-of-text',
    prototype: TEXT,
    harm: breaks,
    outcome: boundedBy(10_000),
    limit: 5000,
  },
])

/** The callee sets all 64 bits of the register to 0xfedcba9876543210. */
const CONVERTED: readonly (readonly [type: string, value: unknown])[] = [
  ['bool', true],
  ['int8_t', 0x10],
  ['uint8_t', 0x10],
  ['int16_t', 0x3210],
  ['uint16_t', 0x3210],
  ['int', 0x76543210],
  ['unsigned int', 0x76543210],
  ['int64_t', BigInt.asIntN(64, 0xfedcba9876543210n)],
  ['uint64_t', 0xfedcba9876543210n],
]

describe('results of another type than declared', () => {
  beforeAll(warmUp)

  test.each(CONVERTED)('%s becomes %s', async (type, value) => {
    const name = 'returns-more-bits-than-declared'
    const all = await control(
      `begin(); report(String(koffi.load(${JSON.stringify(fixture(name))}).func('uint64_t deed()')()))`,
    )
    expect(all.reported, 'the register').toBe('18364758544493064720')
    const before = program()
    const row = liar('', name, bounded, { prototype: `${type} deed(void)` })
    const library = await openRow(row)
    try {
      expect((await call(library, 'awaited')).value).toBe(value)
      expect((await call(library, 'sync')).value).toBe(value)
    } finally {
      await library.close()
    }
    await unharmed(before)
  })

  test('a NaN with a payload is a NaN like any other', async () => {
    const row = liar('', 'returns-a-signalling-nan', bounded, { prototype: 'double deed(void)' })
    const library = await openRow(row)
    try {
      const numbers = [
        1.5,
        (await call(library, 'sync')).value,
        (await call(library, 'awaited')).value,
      ]
      expect(numbers).toEqual([1.5, Number.NaN, Number.NaN])
      expect(Object.keys(numbers)).toEqual(['0', '1', '2'])
    } finally {
      await library.close()
    }
  })
})

describe('the events of a liar', () => {
  beforeAll(warmUp)

  test(
    'a violation is announced once, with the error that the call got',
    async () => {
      const before = program()
      const library = await openRow(liar('', 'answers-with-unknown-status', violation))
      const announced: unknown[] = []
      library.thread.on('violation', (error) => announced.push(error))
      try {
        const settled = await settle(() => library.symbols.deed())
        violation.check(settled)
        expect((await call(library, 'awaited', 'answer')).value).toBe(42)
        expect(announced).toHaveLength(1)
        expect(announced[0]).toBeInstanceOf(ViolationError)
      } finally {
        await library.close()
      }
      await unharmed(before)
    },
    LIMIT * 20,
  )
})

#!/usr/bin/env node
// Looks for input that breaks what reads the other side's memory: the C targets of native/fuzz by coverage, and
// the properties of the TypeScript side.
//   node scripts/fuzz.mjs                       a short run
//   node scripts/fuzz.mjs --seconds 3600        so long for each target and each property
//   node scripts/fuzz.mjs --json                the results as one JSON value on standard output
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { clock, ROOT, run, script, tool } from './steps.mjs'

const SHORT = 5
const FUZZ = join(ROOT, 'build', 'fuzz')

const say = (text) => process.stderr.write(`fuzz: ${text}\n`)

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const seconds = Number(values.seconds ?? SHORT)
if (!Number.isInteger(seconds) || seconds < 1) {
  process.stderr.write('--seconds takes a whole number of at least 1\n')
  process.exit(2)
}

/** What libFuzzer learnt is kept in build/fuzz: the next run goes on from there. */
function fuzzTarget(name) {
  const corpus = join(FUZZ, 'corpus', name)
  const found = join(FUZZ, 'found', name)
  for (const folder of [corpus, found]) mkdirSync(folder, { recursive: true })
  const { ok, output } = run(join(FUZZ, name), [
    `-max_total_time=${seconds}`,
    // It would be a thread that opens files, and the targets count descriptors.
    '-rss_limit_mb=0',
    '-print_final_stats=1',
    `-artifact_prefix=${found}/`,
    corpus,
  ])
  const inputs = Number(/number_of_executed_units: (\d+)/.exec(output)?.[1] ?? 0)
  const broken = ok ? '' : `${tail(output)}\ninputs that break it are in build/fuzz/found/${name}`
  return { name: `native/${name}`, ok: ok && inputs > 0, inputs, output: broken }
}

function tail(output) {
  return output.split('\n').slice(-60).join('\n')
}

function fuzzProperties() {
  const { ok, output } = tool('vitest', ['run', '--project', 'fuzz'], {
    env: {
      ...process.env,
      FAT_THREADS_FUZZ_SECONDS: String(seconds),
      ...(values.seconds === undefined ? {} : { FAT_THREADS_SEED: String(Date.now() | 0) }),
    },
  })
  return { name: 'properties', ok, output: ok ? '' : tail(output) }
}

const lines = values.json ? process.stderr : process.stdout
const results = []
function report(name, work) {
  say(`${name} for ${seconds} s`)
  const time = clock()
  const result = work()
  results.push(result)
  const inputs = result.inputs === undefined ? '' : ` ${result.inputs} inputs`
  lines.write(
    result.ok
      ? `ok ${result.name}${inputs} ${time()}\n`
      : `${result.output}\nFAILED ${result.name}${inputs} ${time()}\n`,
  )
}

const built = script('native/build.mjs', ['--fuzz'])
if (built.ok) for (const name of JSON.parse(built.stdout)) report(name, () => fuzzTarget(name))
else results.push({ name: 'build', ok: false, output: built.output })
if (!built.ok) lines.write(`${built.output}\nFAILED build\n`)
const properties = readdirSync(join(ROOT, 'test'), { recursive: true }).filter((name) =>
  name.endsWith('.property.test.ts'),
)
report(`each property of ${properties.length} files`, fuzzProperties)

if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1

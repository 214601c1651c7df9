#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Watch, warmUp, warningsOf } from './harness/disturbance.mjs'
import { machine } from './harness/machine.mjs'
import { resultsOf } from './harness/results.mjs'
import { runMeasure } from './harness/rounds.mjs'
import { MEASURES } from './measures/index.mjs'
// Fat threads side by side with what a user would pick instead. `--help` says how to run it.
import { parseOptions, USAGE, UsageError } from './options.mjs'
import { withTable } from './report/readme.mjs'
import { save } from './report/save.mjs'
import { report } from './report/table.mjs'

const README = fileURLToPath(new URL('../README.md', import.meta.url))

const say = (text) => process.stderr.write(text)

async function run({ wanted, plan, quick }) {
  warmUp()
  const measures = []
  for (const measure of wanted) {
    say(`${measure.name} `)
    const begin = performance.now()
    const watch = new Watch()
    const betweenRounds = () => {
      watch.calibrate()
      say('.')
    }
    const found = await runMeasure(measure, plan, betweenRounds, say)
    say(` ${((performance.now() - begin) / 1000).toFixed(1)} s\n`)
    measures.push(...resultsOf(measure, found, watch.end()))
  }
  return { machine: machine(), quick, plan, warnings: warningsOf(measures), measures }
}

async function main(args) {
  const options = parseOptions(args, MEASURES)
  if (options.help) process.stdout.write(USAGE)
  else if (options.list)
    for (const { name, title } of MEASURES) process.stdout.write(`${name}: ${title}\n`)
  else {
    const results = await run(options)
    for (const warning of results.warnings) say(`WARNING: ${warning}\n`)
    process.stdout.write(`${options.json ? JSON.stringify(results) : report(results)}\n`)
    if (options.save !== undefined) await save(options.save, results)
    if (options.readme) writeFileSync(README, withTable(readFileSync(README, 'utf8'), results))
    const failed = results.measures.some(({ series }) =>
      series.some(({ rows }) => rows.some((row) => row.failed)),
    )
    if (failed) process.exitCode = 1
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  say(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}

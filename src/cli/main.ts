#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { type CAC, cac } from 'cac'
import { nearestNames } from '../loader/near-names.ts'
import { addBench, BENCH_HELP } from './bench.ts'
import { addBind, BIND_HELP } from './bind/command.ts'
import { addCall, CALL_HELP } from './call.ts'
import { separate } from './command-line.ts'
import { addDoctor, DOCTOR_HELP } from './doctor.ts'
import { errorJson, ownError, report, UsageError } from './failure.ts'
import { addInspect, INSPECT_HELP } from './inspect.ts'
import { addLearn, LEARN_HELP } from './learn.ts'
import { printJson } from './output.ts'
import { addPkcs11, PKCS11_HELP } from './pkcs11/command.ts'
import { addStrategies, STRATEGIES_HELP } from './strategies/command.ts'

const PACKAGE = new URL('../../package.json', import.meta.url)

const HELP = new Map([
  ['call', CALL_HELP],
  ['inspect', INSPECT_HELP],
  ['doctor', DOCTOR_HELP],
  ['learn', LEARN_HELP],
  ['bind', BIND_HELP],
  ['pkcs11', PKCS11_HELP],
  ['bench', BENCH_HELP],
  ['strategies', STRATEGIES_HELP],
])

function makeCli(): CAC {
  const cli = cac('fat-threads')
  cli.option('--json', 'Print one JSON value on standard output, for a failure too')
  addCall(cli)
  addInspect(cli)
  addDoctor(cli)
  addLearn(cli)
  addBind(cli)
  addPkcs11(cli)
  addBench(cli)
  addStrategies(cli)
  cli.help((sections) => {
    const details = HELP.get(cli.matchedCommandName ?? '')
    return details === undefined ? sections : [...sections, details]
  })
  cli.version(JSON.parse(readFileSync(PACKAGE, 'utf8')).version)
  return cli
}

async function run(cli: CAC, options: readonly string[], values: readonly string[]): Promise<void> {
  const [name, ...rest] = values
  const words = name === undefined ? options : [name, ...options]
  cli.parse([process.execPath, cli.name, ...words], { run: false })
  // cac itself shows no version beside a command.
  if (cli.options['version'] && cli.matchedCommand !== undefined) cli.outputVersion()
  if (cli.options['help'] || cli.options['version']) return
  if (cli.matchedCommand === undefined) throw unknownCommand(cli, name)
  cli.args = rest
  await cli.runMatchedCommand()
}

function unknownCommand({ commands }: CAC, name: string | undefined): UsageError {
  const names = commands.map((command) => command.name)
  if (name === undefined) return new UsageError(`a command is missing: ${names.join(', ')}`)
  const [near] = nearestNames(name, names)
  const advice = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`
  return new UsageError(`there is no command ${name}; ${advice}`)
}

async function main(): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads may stop reading, as `head` does.
    if (error.code !== 'EPIPE') report(error)
    process.exit()
  })
  const cli = makeCli()
  const { options, values } = separate(process.argv.slice(2), cli)
  try {
    await run(cli, options, values)
  } catch (thrown) {
    const error = ownError(thrown)
    if (options.includes('--json')) printJson({ error: errorJson(error) })
    report(error, cli.matchedCommandName)
  }
}

main()

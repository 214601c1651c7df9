import { parseArgs } from 'node:util'

const FULL = { rounds: 15, milliseconds: 100, atLeast: 3, warmUp: 200 }
const QUICK = { rounds: 3, milliseconds: 20, atLeast: 1, warmUp: 30 }

export const USAGE = `Usage: npm run bench -- [options] [measure...]

  --rounds N   how often each subject has its turn (default ${FULL.rounds})
  --quick      short turns and few of them: shows that it works, not how fast
  --save DIR   keeps the run: results.json, a picture for each measure, a page
  --readme     with --save: the table of README.md from this run
  --json       one JSON value on standard output instead of tables
  --list       the names of the measures
  --help       this text
`

/** Something that was asked for wrongly. */
export class UsageError extends Error {}

/** What the command line asks for; `plan` says how long everything takes. */
export function parseOptions(args, measures) {
  const { values, positionals } = parse(args)
  const unknown = positionals.filter((name) => !measures.some((each) => each.name === name))
  if (unknown.length > 0) throw new UsageError(`no such measure: ${unknown.join(', ')}`)
  const wanted = measures.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  )
  const plan = values.quick ? QUICK : FULL
  const { json, list, help, quick, save, readme } = values
  if (readme && save === undefined) throw new UsageError('--readme needs --save')
  return {
    json,
    list,
    help,
    quick,
    save,
    readme,
    wanted,
    plan: { ...plan, ...roundsOf(values.rounds) },
  }
}

function parse(args) {
  const flag = { type: 'boolean', default: false }
  const text = { type: 'string' }
  const options = {
    ...{ rounds: text, save: text, readme: flag },
    ...{ quick: flag, json: flag, list: flag, help: flag },
  }
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error.message)
  }
}

function roundsOf(text) {
  if (text === undefined) return {}
  const rounds = Number(text)
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new UsageError(`--rounds takes a positive whole number, not ${text}`)
  return { rounds }
}

import { closeSync, openSync, writeFileSync } from 'node:fs'
import type { CAC } from 'cac'
import { UsageError } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { BEHAVIOURS } from './behaviours/index.ts'
import { isBuilt } from './laboratory.ts'
import { FAT_THREAD } from './strategies.ts'
import { makeTable, type Progress, type Table } from './table.ts'
import { describe } from './text.ts'
import type { Behaviour } from './verdict.ts'

interface StrategiesOptions {
  readonly html?: unknown
  readonly json?: boolean
}

/** Below the options in the command's help. */
export const STRATEGIES_HELP = {
  title: 'It runs',
  body: `  small libraries that mean harm, each by every way in which a program might load a library: dlopen,
  RTLD_DEEPBIND, signal handlers, dlmopen, fork, clone, exec, and a fat thread. Each pair has a
  throw-away process; what is observed there, and nothing else, becomes its cell. All of it takes
  about half a minute. BEHAVIOUR… runs only these, and measures no
  costs: ${wrapped()}

With --json:
  { "strategies": [ { "id", "costs", … } ], "behaviours": [ { "id", "tried", … } ],
    "cells": [ { "strategy", "behaviour", "outcome", "reason", "evidence", "milliseconds" } ] }
  outcome is contained, harmed, not-applicable or not-testable.

Exit status:
  0; 1 when the laboratory is not built or a fat thread came to harm; 2 wrong usage.`,
}

function wrapped(): string {
  return BEHAVIOURS.map(({ id }) => id)
    .join(', ')
    .replace(/(.{1,94})(?:, |$)/g, '\n    $1,')
    .replace(/,$/, '.')
}

export function addStrategies(cli: CAC): void {
  cli
    .command('strategies [...behaviours]', 'Try the ways to isolate a library on hostile ones')
    .usage('strategies [BEHAVIOUR…]')
    .option('--html <file>', 'Write one page there, with what was tried and observed in each cell')
    .example('  $ fat-threads strategies --html strategies.html')
    .example('  $ fat-threads strategies hlt descriptors')
    .action(strategies)
}

async function strategies(ids: readonly string[], options: StrategiesOptions): Promise<void> {
  const { html, json } = options
  if (Array.isArray(html)) throw new UsageError('--html can be given once')
  const wanted = behavioursOf(ids)
  if (!isBuilt())
    throw new Error(
      "the laboratory is not built; build it with `node native/build.mjs` in the package's folder",
    )
  if (html !== undefined) requireWritable(String(html))
  const table = await makeTable(wanted, progress())
  if (html !== undefined) writeFileSync(String(html), await pageOf(table))
  if (json) printJson(jsonOf(table))
  else print(...describe(table))
  const harmed = table.cells.some(
    ({ strategy, outcome }) => strategy === FAT_THREAD && outcome === 'harmed',
  )
  if (harmed) process.exitCode = 1
}

/** Before half a minute of work for a page that has no place. */
function requireWritable(file: string): void {
  try {
    closeSync(openSync(file, 'a'))
  } catch (cause) {
    throw new UsageError(`--html: ${(cause as Error).message}; name a file that can be written`)
  }
}

function behavioursOf(ids: readonly string[]): readonly Behaviour[] {
  const known = BEHAVIOURS.map(({ id }) => id)
  const unknown = ids.find((id) => !known.includes(id))
  if (unknown !== undefined)
    throw new UsageError(`there is no behaviour ${unknown}; there are ${known.join(', ')}`)
  return ids.length === 0 ? BEHAVIOURS : BEHAVIOURS.filter(({ id }) => ids.includes(id))
}

/** One line that is written anew on a terminal; elsewhere a line for each tenth. */
function progress(): Progress {
  let tenth = 0
  return (done, total, what) => {
    const count = `${String(done).padStart(String(total).length)}/${total}`
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${done < total ? `${count} ${what}` : ''}`)
    } else if (Math.floor((done * 10) / total) > tenth) {
      tenth = Math.floor((done * 10) / total)
      process.stderr.write(`${count} ${what}\n`)
    }
  }
}

/** Two lists and one entry a pair. */
function jsonOf({ strategies, behaviours, cells }: Table): object {
  return {
    strategies,
    behaviours: behaviours.map(({ id, title, tried, libraries, controls = ['dlopen'] }) => ({
      id,
      title,
      tried,
      libraries,
      controls,
    })),
    cells,
  }
}

async function pageOf(table: Table): Promise<string> {
  const { page } = await import('./page/page.ts')
  return page(table)
}

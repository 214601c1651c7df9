import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SOURCES } from '../laboratory.ts'
import { LEGEND, MARKS } from '../legend.ts'
import type { Strategy } from '../strategies.ts'
import type { Cell, Table } from '../table.ts'
import type { Behaviour } from '../verdict.ts'
import { type Html, html } from './html.ts'
import { anchorOf } from './overview.ts'

/** What was tried, and for each strategy what was observed and why it counts as it does. */
export function behaviourSection(behaviour: Behaviour, { cells, strategies }: Table): Html {
  const { id, title, tried, libraries, witness } = behaviour
  const titleOf = new Map(strategies.map((each) => [each.id, each.title]))
  const rows = cells
    .filter((cell) => cell.behaviour === id)
    .map((cell) => cellRow(cell, titleOf.get(cell.strategy) ?? cell.strategy))
  return html`<section aria-labelledby="${id}">
<h3 id="${id}">The library ${title}</h3>
<p class="tried">${tried}</p>
${[...new Set(libraries)].map((name) => source('The library, in C', `deeds/${name}.c`))}
${witness === undefined ? '' : source('The program, in C', `witnesses/${witness}.c`)}
<table class="cells">
<thead><tr><th scope="col">Strategy</th><th scope="col">Outcome</th><th scope="col">Reason</th><th scope="col">Observed</th></tr></thead>
<tbody>${rows}</tbody></table>
<p class="back"><a href="#table">Back to the table</a></p>
</section>
`
}

function cellRow(cell: Cell, title: string): Html {
  const { strategy, outcome, reason, evidence } = cell
  const observed = evidence.map(
    ([what, value]) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`,
  )
  return html`<tr id="${anchorOf(cell)}"><th scope="row"><a href="#strategy-${strategy}">${title}</a></th><td class="outcome ${outcome}"><span class="mark ${outcome}" aria-hidden="true">${MARKS[outcome]}</span>${LEGEND[outcome]}</td><td>${reason}</td><td>${observed.length === 0 ? '' : html`<dl>${observed}</dl>`}</td></tr>
`
}

/** How a library is called within the program, in a child, by that child; and the order of a trial. */
const COMMON = ['in-process.c', 'child.c', 'serve.c', 'trial.c']

export function strategyList(strategies: readonly Strategy[]): Html {
  const items = strategies.map(
    ({ id, title, what, source: file }) => html`<dt id="strategy-${id}">${title}</dt>
<dd>${what}${file === undefined ? '' : source('How, in C', `strategies/${file}`)}</dd>
`,
  )
  return html`<dl class="strategies">${items}</dl>
<p>What they have in common:</p>
${COMMON.map((file) => source('In C', file))}`
}

function source(title: string, file: string): Html {
  const text = readFileSync(join(SOURCES, file), 'utf8').trimEnd()
  return html`<details><summary>${title}: <code>native/laboratory/${file}</code></summary><pre tabindex="0"><code>${text}</code></pre></details>`
}

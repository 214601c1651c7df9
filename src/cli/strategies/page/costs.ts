import { availableParallelism, loadavg } from 'node:os'
import { costText } from '../legend.ts'
import type { Costs, Table } from '../table.ts'
import { Html, html } from './html.ts'

const COLUMNS = ['start', 'call', 'memory'] as const
/** Of its column, for the cheapest one: a bar that is not there can't be compared. */
const SHORTEST = 4

/** Medians, with bars on a logarithmic scale: the dearest is thousands of times the cheapest. */
export function costTable({ strategies }: Table): Html {
  const known = strategies.flatMap(({ costs }) => (costs === null ? [] : [costs]))
  if (known.length === 0) return new Html('')
  const rows = strategies.map(({ title, costs }) => {
    if (costs === null)
      return html`<tr><th scope="row">${title}</th><td colspan="3">unknown</td></tr>`
    const texts = costText(costs)
    const cells = COLUMNS.map(
      (column, at) =>
        html`<td>${texts[at] ?? ''}<span class="bar" style="width:${width(costs[column], column, known)}%"></span></td>`,
    )
    return html`<tr><th scope="row">${title}</th>${cells}</tr>
`
  })
  return html`<h2 id="costs">What each costs</h2>
<p>Medians of one run on the same machine: from nothing to the first answer, one more call that waits for its answer, and the memory that it adds (proportional set size). In-process calls are bare function calls; children answer through a pipe; a fat thread is called from JavaScript, through shared memory. The bars are on a logarithmic scale.${busy()}</p>
<table class="costs">
<thead><tr><th scope="col">Strategy</th><th scope="col">start</th><th scope="col">call</th><th scope="col">memory</th></tr></thead>
<tbody>${rows}</tbody></table>
`
}

function width(value: number, column: keyof Costs, known: readonly Costs[]): string {
  const logs = known.map((costs) => Math.log(costs[column]))
  const [least, most] = [Math.min(...logs), Math.max(...logs)]
  const part = most === least ? 1 : (Math.log(value) - least) / (most - least)
  return (SHORTEST + part * (100 - SHORTEST)).toFixed(0)
}

/** What else the machine did makes everything dearer, and what has to wait for another process most of all. */
function busy(): string {
  const [load = 0] = loadavg()
  const processors = availableParallelism()
  // Two of them are the cells' own.
  if (load < processors + 2) return ''
  return ` The machine was busy with other things (load ${load.toFixed(0)} on ${processors} processors): on a quiet one all of it is less.`
}

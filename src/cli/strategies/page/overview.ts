import { GROUPS } from '../behaviours/index.ts'
import { LEGEND, MARKS } from '../legend.ts'
import { FAT_THREAD } from '../strategies.ts'
import type { Cell, Table } from '../table.ts'
import { type Behaviour, OUTCOMES, type Outcome } from '../verdict.ts'
import { type Html, html } from './html.ts'

/** Where the page tells of a cell. */
export const anchorOf = ({ behaviour, strategy }: Pick<Cell, 'behaviour' | 'strategy'>): string =>
  `${behaviour}--${strategy}`

const ours = (id: string): string => (id === FAT_THREAD ? 'ours' : '')

export function legend(): Html {
  const item = (outcome: Outcome): Html =>
    html`<li><span class="mark ${outcome}" aria-hidden="true">${MARKS[outcome]}</span>${LEGEND[outcome]}</li>`
  return html`<ul class="legend">${OUTCOMES.map(item)}</ul>`
}

/** One mark a cell. */
export function overview(table: Table): Html {
  const { strategies, behaviours } = table
  const head = strategies.map(
    ({ id, title }) =>
      html`<th scope="col" class="${ours(id)}"><a href="#strategy-${id}">${title}</a></th>`,
  )
  const groups = GROUPS.flatMap(({ title, behaviours: all }) => {
    const rows = all.filter(({ id }) => behaviours.some((each) => each.id === id))
    if (rows.length === 0) return []
    return [
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="${strategies.length + 1}">${title}</th></tr>
${rows.map((each) => row(each, table))}</tbody>`,
    ]
  })
  return html`<table class="overview">
<caption>Each mark leads to what was tried and observed.</caption>
<thead><tr><td></td>${head}</tr></thead>
${groups}</table>`
}

function row({ id, title }: Behaviour, { strategies, cells }: Table): Html {
  const marks = strategies.flatMap((strategy) => {
    const cell = cells.find((each) => each.behaviour === id && each.strategy === strategy.id)
    if (cell === undefined) return []
    const { outcome } = cell
    return [
      html`<td class="${ours(strategy.id)}"><a class="mark ${outcome}" href="#${anchorOf(cell)}" title="${strategy.title}: ${LEGEND[outcome]}" aria-label="${strategy.title}, ${title}: ${LEGEND[outcome]}"><span>${MARKS[outcome]}</span><span class="name">${strategy.title}</span></a></td>`,
    ]
  })
  return html`<tr><th scope="row"><a href="#${id}">${title}</a></th>${marks}</tr>
`
}

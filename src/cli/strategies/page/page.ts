/** The table as one page that needs nothing else: no script, no network. */
import { arch, release } from 'node:os'
import { GROUPS } from '../behaviours/index.ts'
import { FAT_THREAD } from '../strategies.ts'
import type { Table } from '../table.ts'
import { costTable } from './costs.ts'
import { behaviourSection, strategyList } from './details.ts'
import { Html, html } from './html.ts'
import { legend, overview } from './overview.ts'
import { STYLE } from './style.ts'

export function page(table: Table): string {
  const { strategies, behaviours, cells } = table
  const sections = GROUPS.flatMap((group) =>
    group.behaviours
      .filter(({ id }) => behaviours.some((each) => each.id === id))
      .map((behaviour) => behaviourSection(behaviour, table)),
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="Ways to load a shared library, tried on libraries that mean harm: what each contains, observed.">
<title>What contains a hostile library</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#table">To the table</a>
<header>
<h1>What contains a hostile library</h1>
<p>${strategies.length} ways to load a shared library, and ${behaviours.length} libraries that mean harm. Each of the ${cells.length} cells is one throw-away process: the library was loaded that way, its function was called, and the program around it said what it found before and after. No cell is written by hand, and each row has a strategy that comes to harm, so that the observer is known to see it.</p>
<p class="soft">Observed on ${machine()}. <code>fat-threads strategies --html FILE</code> makes this page on yours.</p>
</header>
<main>
<h2 id="table" class="overview-title">The table</h2>
<p>${summary(table)}</p>
${legend()}
${overview(table)}
${costTable(table)}
<h2 id="strategies">The strategies</h2>
${strategyList(strategies)}
<h2 id="cells">What was tried, and what was observed</h2>
${sections}</main>
<footer><p>Made by fat-threads. The sources are in <code>native/laboratory</code> of the package.</p></footer>
</body>
</html>
`.text
}

function machine(): string {
  const { header } = process.report.getReport() as unknown as {
    readonly header: { readonly glibcVersionRuntime?: string }
  }
  const glibc = header.glibcVersionRuntime
  const library = glibc === undefined ? '' : `, glibc ${glibc}`
  return `Linux ${release().replace(/-.*/, '')}${library}, Node ${process.versions.node}, ${arch()}`
}

/** How many behaviours the best of the others contain, beside a fat thread. */
function summary({ strategies, cells }: Table): string {
  const containedBy = (id: string): number =>
    cells.filter(({ strategy, outcome }) => strategy === id && outcome === 'contained').length
  const of = (id: string): number => cells.filter(({ strategy }) => strategy === id).length
  const others = strategies.filter(({ id }) => id !== FAT_THREAD)
  const [best] = others.toSorted((one, other) => containedBy(other.id) - containedBy(one.id))
  if (best === undefined) return ''
  return `A fat thread contains ${containedBy(FAT_THREAD)} of ${of(FAT_THREAD)} behaviours; ${best.title}, the best of the others, ${containedBy(best.id)}; dlopen ${containedBy('dlopen')}.`
}

// A run that is kept: its numbers, its pictures, and a page that shows both.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartsOf } from './charts.mjs'
import { report } from './table.mjs'

export async function save(folder, results) {
  const charts = await chartsOf(results)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`)
  for (const { name, svg } of charts) writeFileSync(join(folder, name), svg)
  const drawn = new Set(charts.map(({ name }) => name))
  const page = report(results, ({ name, title }) =>
    drawn.has(`${name}.svg`) ? `![${title}](${name}.svg)` : '',
  )
  writeFileSync(join(folder, 'README.md'), `# A run of the benchmarks\n\n${page}\n`)
}

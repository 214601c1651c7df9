/** The whole table, twice: what was observed is the same, whatever the machine did meanwhile. */
import { expect, test } from 'vitest'
import { makeTable, settled } from '../strategies/table.ts'

test('the table of strategies is the same twice', async () => {
  const first = await makeTable()
  const second = await makeTable()
  expect(settled(second.table)).toEqual(settled(first.table))
})

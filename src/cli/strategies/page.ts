import type { Table } from './table.ts'
export function page(table: Table): string {
  return JSON.stringify(table)
}

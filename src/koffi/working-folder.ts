/** Relative paths mean the same to libraries as to the program, where they may reach files at all. */
import { cLibrary, fatThread, reachesFiles } from './process.ts'

/** The folder that the process was told last, and which process. */
let told = ''

/** Before a call: a folder that is not permitted is left out. */
export function followFolder(): void {
  if (!reachesFiles()) return
  const folder = process.cwd()
  const wanted = `${fatThread().pid} ${folder}`
  if (wanted === told) return
  told = wanted
  cLibrary().symbols['chdir']?.sync(folder)
}

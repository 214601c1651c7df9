import { blocking } from './koffi.mjs'

let maker

// biome-ignore lint/style/noDefaultExport: what the pool loads
export default async function make({ path, name }) {
  maker ??= await blocking(await import(`../${name}.mjs`))
  return await maker.make(path)
}

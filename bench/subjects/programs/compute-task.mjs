import koffi from 'koffi'
import { library } from '../../harness/native.mjs'

const compute = koffi.load(library('works')).func('int compute(int rounds)')

// biome-ignore lint/style/noDefaultExport: what the pools load
export default (rounds) => compute(rounds)

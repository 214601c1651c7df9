// What only one file may do, so that there is one place to read when it goes wrong.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { ROOT } from './steps.mjs'

const TYPESCRIPT = { folder: 'src', endings: ['.ts'] }
const C = { folder: 'native', endings: ['.c', '.h'] }

/** Nothing of it runs in the program or in a fat thread. */
const LABORATORY = 'native/laboratory/'

const HOMES = [
  { ...TYPESCRIPT, token: /\bAtomics\b/, may: ['src/channel/ring.ts'] },
  {
    ...TYPESCRIPT,
    token: /\bprocess\.dlopen\b|\bcreateRequire\b/,
    may: ['src/host/addon.ts', 'src/cli/strategies/witness.ts'],
  },
  { ...C, token: /\bffi_call\b/, may: ['native/host/call.c'] },
  { ...C, token: /\bffi_prep_(go_)?closure/, may: ['native/host/callback.c'] },
  { ...C, token: /\bffi_prep_cif/, may: ['native/host/signature.c'] },
  { ...C, token: /\bdl(v?sym|m?open)\s*\(/, may: ['native/host/library.c', LABORATORY] },
  {
    ...C,
    token: /\b(__atomic|atomic)_|\b__sync_/,
    may: ['native/host/ring.c', 'native/include/ft_ring.h'],
  },
  { ...C, token: /\bmall(opt|oc_trim)\b/, may: ['native/host/heap.c'] },
  {
    ...C,
    token: /\bsched_setaffinity\b/,
    may: ['native/host/processor.c', 'native/addon/processor.c'],
  },
  { ...C, token: /\bnapi_/, may: ['native/addon/addon.c', LABORATORY] },
  // `uv_loop_s` is how Node-API names what it only passes on.
  { ...C, token: /\buv_(?!loop_s\b)/, may: ['native/addon/loop.c', LABORATORY] },
  // The host and the addon share native/include and nothing else.
  { ...C, token: /#include "\.\.\//, may: [] },
]

/** A line without its comment; a comment may name what the code may not. */
const code = (line) =>
  /^\s*(\/\/|\/\*|\*( |\/|$))/.test(line) ? '' : line.replace(/\s(\/\/|\/\*) .*$/, '')

const textOf = new Map()

function lines(file) {
  if (!textOf.has(file))
    textOf.set(file, readFileSync(join(ROOT, file), 'utf8').split('\n').map(code))
  return textOf.get(file)
}

/** A file, or all below a folder. */
const isHome = (may, file) =>
  may.some((home) => (home.endsWith('/') ? file.startsWith(home) : file === home))

/** The places that break the table, one line each. */
export function strangers() {
  return HOMES.flatMap(({ folder, endings, token, may }) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((name) => `${folder}/${name}`)
      .filter((file) => endings.includes(extname(file)) && !isHome(may, file))
      .sort()
      .flatMap((file) =>
        lines(file).flatMap((line, index) =>
          token.test(line)
            ? [`${file}:${index + 1}: ${line.trim()}\n  only for: ${may.join(', ') || 'nobody'}`]
            : [],
        ),
      ),
  )
}

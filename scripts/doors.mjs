#!/usr/bin/env node
// Writes what a program imports as a few files, from the many that TypeScript wrote: dist/doors/. To look for, read and
// compile each of 170 files costs a program three times what their code does. Comments go, names and lines stay.
// And what it requires: dist/commonjs/, where modules of CommonJS load those, and TypeScript finds the declarations as
// those of CommonJS. Where no ES module can be required, as in Jest, they load the same written as CommonJS.
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { ROOT } from './steps.mjs'

/** The package's entry points, each a file beside what they share. */
const DOORS = {
  index: 'index.js',
  koffi: 'koffi/index.js',
  pkcs11: 'pkcs11/index.js',
  pkcs11js: 'pkcs11js/index.js',
}

/** What `require` gives is declared by its entry point, or by this: an object with nothing named `default` in it. */
const REQUIRED = { koffi: 'koffi/interface.js', pkcs11js: 'pkcs11js/interface.js' }

const DIST = join(ROOT, 'dist')
const TO = join(DIST, 'doors')
const COMMONJS = join(DIST, 'commonjs')

/** Outside of ASCII only texts are, and an engine keeps a file with them in twice the memory. */
const ascii = (code) =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** What a module exports, as names and as one object, which has its types as it has its values. */
const declareWhole = (name, module) =>
  `import * as ${name} from '${module}'\nexport * from '${module}'\nexport default ${name}\n`

/**
 * One copy of everything is a program's, imported or required, where it can be. Node and Jest 30 say what they can't
 * require; Jest 29 takes it for CommonJS.
 */
const requiring = (
  name,
  names,
) => `// What ES modules may name that import it, as they do by the names of the aliases.
0 && (${names.map((each) => `exports.${each} = `).join('')}0)
try {
  module.exports = require('../../doors/${name}.js')
} catch (error) {
  if (error.code !== 'ERR_REQUIRE_ESM' && error.name !== 'SyntaxError') throw error
  const door = require('../../doors/${name}.cjs')
  module.exports = door['module.exports'] ?? door
}
`

const input = Object.fromEntries(
  Object.entries(DOORS).map(([name, path]) => [name, join(DIST, path)]),
)
const bundle = await rolldown({ input, platform: 'node', external: [/^node:/], logLevel: 'warn' })
rmSync(TO, { recursive: true, force: true })
mkdirSync(TO)
/** What each door exports. */
const names = new Map()
for (const [format, ending] of [
  ['esm', 'js'],
  ['cjs', 'cjs'],
]) {
  const { output } = await bundle.generate({
    format,
    entryFileNames: `[name].${ending}`,
    chunkFileNames: `shared-[name].${ending}`,
    comments: false,
    minifyInternalExports: false,
    exports: 'named',
  })
  for (const { fileName, code, isEntry, name, exports } of output) {
    writeFileSync(join(TO, fileName), ascii(code))
    if (isEntry)
      names.set(
        name,
        exports.filter((each) => /^(?!default$)\w+$/.test(each)),
      )
  }
}
await bundle.close()

rmSync(COMMONJS, { recursive: true, force: true })
for (const path of readdirSync(DIST, { recursive: true }))
  if (path.endsWith('.d.ts') && !path.startsWith('cli/'))
    cpSync(join(DIST, path), join(COMMONJS, path))
writeFileSync(join(COMMONJS, 'package.json'), '{ "type": "commonjs" }\n')
mkdirSync(join(COMMONJS, 'doors'))
for (const [name, path] of Object.entries(DOORS)) {
  const door = join(COMMONJS, 'doors', name)
  writeFileSync(`${door}.js`, requiring(name, names.get(name)))
  writeFileSync(`${door}.d.ts`, `export * from '../${REQUIRED[name] ?? path}'\n`)
}

// Its own declaration can't say that the whole has the types in it: `pkcs11js.Handle`, where the whole is imported.
writeFileSync(join(TO, 'pkcs11js.d.ts'), declareWhole('pkcs11js', '../pkcs11js/interface.js'))

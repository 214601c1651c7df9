#!/usr/bin/env node
// Copies the C grammar that `fat-threads bind` reads to build/grammar, so that nobody who installs the package
// runs the install script of the package that it comes in.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './steps.mjs'

const FROM = join(ROOT, 'node_modules', 'tree-sitter-c')
const TO = join(ROOT, 'build', 'grammar')

mkdirSync(TO, { recursive: true })
for (const name of ['tree-sitter-c.wasm', 'LICENSE']) copyFileSync(join(FROM, name), join(TO, name))

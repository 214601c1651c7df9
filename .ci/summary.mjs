// Adds up what the parts of .ci/run left in a folder, says what is wrong, and ends with the counts.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2]
const TEST_RUNS = ['test', 'soak', 'sanitized']

const total = { passed: 0, failed: 0, skipped: 0 }
const complaints = []
/** Worth a look, and no failure. */
const remarks = []

function read(name) {
  const path = join(folder, name)
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
  } catch {
    return undefined
  }
}

const status = (name) => read(`${name}.status`) ?? 1

function fail(text) {
  total.failed += 1
  complaints.push(text)
}

function addTests(name) {
  const report = read(`${name}.json`)
  if (report === undefined) return fail(`${name}: no report; it ended with status ${status(name)}`)
  const before = total.failed
  total.passed += report.numPassedTests
  total.failed += report.numFailedTests
  total.skipped += report.numPendingTests + report.numTodoTests
  for (const file of report.testResults) {
    const broken = file.status === 'failed' && file.assertionResults.every(passes)
    if (broken) fail(`${name}: ${file.name} could not run: ${file.message}`)
    for (const test of file.assertionResults) judge(name, test)
  }
  // Errors outside any test end vitest with a failure that no test shows.
  if (status(name) !== 0 && total.failed === before) fail(`${name}: status ${status(name)}`)
}

/** The end of the output is what is read first, and may be all that is kept of it. */
const reason = (message) => `  ${message.split('\n    at ', 1)[0].slice(0, 1000)}`

const passes = (test) => test.status !== 'failed'

function judge(name, { status, fullName, failureMessages, meta }) {
  if (status === 'failed')
    complaints.push(`${name}: failed: ${fullName}`, ...failureMessages.map(reason))
  else if (meta.retried)
    remarks.push(`${name}: passed when tried again: ${fullName}`, ...failureMessages.map(reason))
  if (status === 'passed' || status === 'failed' || meta.kernelLacks) return
  complaints.push(`${name}: skipped, and not for want of the kernel: ${fullName}`)
}

function addResults(part) {
  const report = read(`${part}.json`)
  if (report === undefined) return fail(`${part}: no report; it ended with status ${status(part)}`)
  for (const { name, ok } of report) {
    if (ok) total.passed += 1
    else fail(`${part}: ${name}`)
  }
}

if (status('packages') !== 0) fail('packages: not all of .ci/packages could be installed')
for (const name of TEST_RUNS) addTests(name)
for (const name of ['fuzz', 'check']) addResults(name)

for (const line of [...remarks, ...complaints]) console.log(line)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = complaints.length > 0 ? 1 : 0

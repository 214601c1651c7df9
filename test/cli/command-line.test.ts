import { cac } from 'cac'
import { expect, test } from 'vitest'
import { separate } from '../../src/cli/command-line.ts'

const cli = cac('program')
cli.option('--json', 'a switch')
cli
  .command('call', 'calls')
  .option('-t, --timeout <ms>', 'takes a value')
  .option('--errno', 'a switch')

const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['', [], []],
  ['call a b', [], ['call', 'a', 'b']],
  ['call abs -5', [], ['call', 'abs', '-5']],
  ['call pow -.5 -1e9 -0x10', [], ['call', 'pow', '-.5', '-1e9', '-0x10']],
  ['call fabs -Infinity -inf', [], ['call', 'fabs', '-Infinity', '-inf']],
  ['call cat - --json', ['--json'], ['call', 'cat', '-']],
  ['call --json true 007', ['--json'], ['call', 'true', '007']],
  ['call --timeout 5 a', ['--timeout=5'], ['call', 'a']],
  ['--timeout -5 call', ['--timeout=-5'], ['call']],
  ['call -t 5 a', ['-t=5'], ['call', 'a']],
  ['call --timeout=5 a', ['--timeout=5'], ['call', 'a']],
  ['call a --timeout', ['--timeout'], ['call', 'a']],
  ['call --timeout --json a', ['--timeout', '--json'], ['call', 'a']],
  ['call --timeout -- 5', ['--timeout'], ['call', '5']],
  ['call --unknown a', ['--unknown'], ['call', 'a']],
  ['call a -- --json -- -x', [], ['call', 'a', '--json', '--', '-x']],
]

for (const [line, options, values] of rows)
  test(line || 'nothing', () => {
    expect(separate(line.split(' ').filter(Boolean), cli)).toEqual({ options, values })
  })

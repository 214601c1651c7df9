import { Assembler, DATA, type Program } from './bpf.ts'
import type { Check, Rule } from './checks.ts'
import { type Grants, rulesFor } from './rules.ts'
import type { SystemCalls } from './syscalls.ts'
import { ask, ENOSYS, EPERM, kill, refuse, returnOf, type Verdict } from './verdict.ts'

/** Numbers with this bit are of x86's second interface, which nobody needs. */
const X32 = 0x4000_0000

/** The filter for these grants; what nobody thought of is denied. */
export function compileFilter(calls: SystemCalls, grants: Grants): Program {
  const code = new Assembler()
  const verdicts = new Map<string, Verdict>()
  const checks = new Map<Check, string>()
  const to = (rule: Rule): string => {
    if (typeof rule === 'function') {
      // Calls that are looked at in the same way share the code.
      const label = checks.get(rule) ?? `check:${checks.size}`
      checks.set(rule, label)
      return label
    }
    // Where nobody can be asked the answer is the same, and nobody hears of it.
    const said = rule.kind === 'ask' && !grants.listener ? refuse(EPERM) : rule
    const label = said.kind === 'refuse' ? `refuse:${said.errno}` : said.kind
    verdicts.set(label, said)
    return label
  }

  code.load(DATA.ARCHITECTURE)
  code.jumpIf('equals', calls.architecture, 'native')
  code.jump(to(kill))
  code.label('native')
  code.load(DATA.NUMBER)
  code.jumpIf('atLeast', X32, to(kill))

  const rules = numbered(calls, rulesFor(grants))
  // A number beyond those that the headers name is of a newer kernel: to a library it is not there.
  const last = Math.max(...calls.numberOf.values())
  code.jumpIf('above', last, to(refuse(ENOSYS)))
  search(code, ranges(rules, last, to), 'search')

  // Further ones may be asked for meanwhile: they come behind those that go on to them.
  for (const [check, label] of checks) {
    code.label(label)
    check(code, to, label)
  }
  for (const [label, verdict] of verdicts) {
    code.label(label)
    code.return(returnOf(verdict))
  }
  return code.assemble()
}

type Numbered = ReadonlyMap<number, Rule>

function numbered({ numberOf }: SystemCalls, rules: ReadonlyMap<string, Rule>): Numbered {
  const found = new Map<number, Rule>()
  for (const [name, rule] of rules) {
    const number = numberOf.get(name) // not every processor has every call
    if (number !== undefined) found.set(number, rule)
  }
  return found
}

/** Neighbours with the same target, from their first number on. */
interface Range {
  readonly from: number
  readonly target: string
}

function ranges(rules: Numbered, last: number, to: (rule: Rule) => string): Range[] {
  const found: Range[] = []
  for (let number = 0; number <= last; number++) {
    const label = to(rules.get(number) ?? ask)
    if (found.at(-1)?.target !== label) found.push({ from: number, target: label })
  }
  return found
}

/** A binary search: calls that are looked at often are not behind all others. */
function search(code: Assembler, all: readonly Range[], name: string): void {
  const [only] = all
  if (all.length === 1 && only !== undefined) {
    code.jump(only.target)
    return
  }
  const middle = all.length >> 1
  const upper = all.slice(middle)
  code.jumpIf('atLeast', upper[0]?.from ?? 0, `${name}u`)
  search(code, all.slice(0, middle), `${name}l`)
  code.label(`${name}u`)
  search(code, upper, `${name}u`)
}

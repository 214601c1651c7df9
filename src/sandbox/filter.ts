import { Assembler, DATA, type Program } from './bpf.ts'
import { type Grants, type Rule, rulesFor } from './rules.ts'
import type { SystemCalls } from './syscalls.ts'
import { ask, ENOSYS, EPERM, kill, refuse, returnOf, type Verdict } from './verdict.ts'

/** Numbers with this bit are of x86's second interface, which nobody needs. */
const X32 = 0x4000_0000

/** The filter for these grants; what nobody thought of is denied. */
export function compileFilter(calls: SystemCalls, grants: Grants): Program {
  const code = new Assembler()
  const verdicts = new Map<string, Verdict>()
  const to = (verdict: Verdict): string => {
    // Where nobody can be asked the answer is the same, and nobody hears of it.
    const said = verdict.kind === 'ask' && !grants.listener ? refuse(EPERM) : verdict
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
  const checks = new Map<string, Rule>()
  // A number beyond those that the headers name is of a newer kernel: to a library it is not there.
  const last = Math.max(...calls.numberOf.values())
  code.jumpIf('above', last, to(refuse(ENOSYS)))
  const target = (rule: Rule | undefined, name: string): string => {
    if (rule === undefined) return to(ask)
    if (typeof rule !== 'function') return to(rule)
    checks.set(name, rule)
    return name
  }
  search(code, ranges(rules, last, target), 'search')

  for (const [name, rule] of checks) {
    code.label(name)
    if (typeof rule === 'function') rule(code, to, name)
  }
  for (const [label, verdict] of verdicts) {
    code.label(label)
    code.return(returnOf(verdict))
  }
  return code.assemble()
}

type Numbered = ReadonlyMap<number, { readonly name: string; readonly rule: Rule }>

function numbered({ numberOf }: SystemCalls, rules: ReadonlyMap<string, Rule>): Numbered {
  const found = new Map<number, { name: string; rule: Rule }>()
  for (const [name, rule] of rules) {
    const number = numberOf.get(name) // not every processor has every call
    if (number !== undefined) found.set(number, { name: `call:${name}`, rule })
  }
  return found
}

/** Neighbours with the same target, from their first number on. */
interface Range {
  readonly from: number
  readonly target: string
}

function ranges(
  rules: Numbered,
  last: number,
  target: (rule: Rule | undefined, name: string) => string,
): Range[] {
  const found: Range[] = []
  for (let number = 0; number <= last; number++) {
    const entry = rules.get(number)
    const label = target(entry?.rule, entry?.name ?? '')
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

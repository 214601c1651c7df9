import type { UntypedFunction, WithOptions } from '../bound-function.ts'
import type { Library } from '../library.ts'
import { type Member, symbolOf } from './member.ts'
import type { Work } from './waiting-line.ts'

/** Where the calls of a pool's functions go. */
export interface PooledHome {
  submit(work: Work): Promise<unknown>
  block(run: (member: Member) => unknown): unknown
  /** A library like those of all members, which is asked what they have in common. */
  readonly template: Library
}

/** One of a pool's `symbols`: the function of that name of whichever member has time. */
export function pooledFunction(name: string, home: PooledHome): UntypedFunction {
  const { template: library } = home
  const { name: call } = symbolOf(library, name)
  const subject = { call, library: library.path }
  /** `template` says what is wrong with options. */
  const make = (template: UntypedFunction, wanted: WithOptions | undefined): UntypedFunction => {
    const bound = new WeakMap<Member, UntypedFunction>()
    const of = (member: Member): UntypedFunction => {
      let found = bound.get(member)
      if (found === undefined) {
        const plain = member.symbol(name)
        found = wanted === undefined ? plain : plain.with(wanted)
        bound.set(member, found)
      }
      return found
    }
    const callable = Object.assign(
      (...values: readonly unknown[]): Promise<unknown> => {
        let kept = values
        return home.submit({
          alone: false,
          signal: wanted?.signal,
          name: call,
          subject,
          keep() {
            kept = library.keep(name, values)
          },
          run(member) {
            member.calls++
            return of(member)(...kept)
          },
        })
      },
      {
        sync: (...values: readonly unknown[]): unknown =>
          home.block((member) => {
            member.calls++
            return of(member).sync(...values)
          }),
        with: (more: WithOptions): UntypedFunction =>
          make(template.with(more), { ...wanted, ...more }),
      },
    )
    return Object.defineProperty(callable, 'name', { value: call })
  }
  return make(symbolOf(library, name), undefined)
}

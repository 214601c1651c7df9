import { SandboxError } from '../errors.ts'
import type { Incarnation } from '../incarnation.ts'
import type { Policy } from '../sandbox/policy.ts'
import { type Facts, type Receipt, receiptOf } from '../sandbox/receipt.ts'

const NO_FACTS: Facts = { introduction: undefined, namespaces: 0, listening: false, status: '' }

/** The receipt of the process that serves now, or of the last one that did. */
export class Receipts {
  readonly #policy: Policy
  #last: Receipt | undefined
  #lastOf: Incarnation | undefined

  constructor(policy: Policy) {
    this.#policy = policy
  }

  of(current: Incarnation | undefined): Receipt {
    if (current !== undefined && (this.#last === undefined || this.#lastOf !== current)) {
      this.#last = receiptOf(this.#policy, current.facts())
      this.#lastOf = current.process.pid === 0 ? undefined : current // not complete before that
    }
    this.#last ??= receiptOf(this.#policy, NO_FACTS)
    return this.#last
  }
}

/** @throws {SandboxError} where something is missing */
export function requireWhole({ missing }: Receipt): void {
  if (missing.length === 0) return
  const names = missing.map(({ what }) => what)
  const [{ what, why, feature } = { what: '', why: '', feature: '' }] = missing
  throw new SandboxError(
    `this machine can't enforce ${names.join(', ')}; ${what}: ${why} (${feature}). \`fat-threads doctor\` tells what would help`,
    names,
  )
}

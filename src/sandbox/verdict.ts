/** What a filter can say of a system call: the kernel's `SECCOMP_RET_*`. */
const KILL_PROCESS = 0x8000_0000
const ERRNO = 0x0005_0000
const USER_NOTIFICATION = 0x7fc0_0000
const ALLOW = 0x7fff_0000

export const EPERM = 1
export const ENOENT = 2
export const ENOSYS = 38

export type Verdict =
  | { readonly kind: 'allow' }
  | { readonly kind: 'kill' }
  /** The program is asked, answers no, and keeps what was tried. */
  | { readonly kind: 'ask' }
  /** No, without a word: for what libraries try and can live without. */
  | { readonly kind: 'refuse'; readonly errno: number }

export const allow: Verdict = { kind: 'allow' }
export const kill: Verdict = { kind: 'kill' }
export const ask: Verdict = { kind: 'ask' }
export const refuse = (errno: number): Verdict => ({ kind: 'refuse', errno })

/** The number that a filter returns. */
export function returnOf(verdict: Verdict): number {
  switch (verdict.kind) {
    case 'allow':
      return ALLOW
    case 'kill':
      return KILL_PROCESS
    case 'ask':
      return USER_NOTIFICATION
    case 'refuse':
      return ERRNO | verdict.errno
  }
}

/** How a line of a receipt is known, and what gives a machine more of it. */

const STATUS = "the kernel's account, /proc/PID/status"
const TRIED = 'tried inside, after it was in force'
const KERNEL = 'the kernel took it; what it said came before anything was loaded'
const BUILT = 'how a fat thread is made, whatever the machine'
const BORN = 'the process was born into it'

const PROOFS = new Map([
  ['capabilities', STATUS],
  ['no-new-privileges', STATUS],
  ['system-calls', STATUS],
  ['files', TRIED],
  ['denial-reports', 'the listener arrived in the program'],
  ['threads', 'the program counts them with each new one'],
  ...['address-space', 'descriptors', 'environment', 'session', 'stack'].map(
    (what) => [what, BUILT] as const,
  ),
])

export function proofOf(what: string): string {
  return PROOFS.get(what) ?? (what.endsWith('-namespace') ? BORN : KERNEL)
}

const NAMESPACES =
  'in a container, allow `clone` and `unshare` with new namespaces (Docker: --security-opt seccomp=PROFILE with ' +
  'them, or --cap-add SYS_ADMIN as root); on a machine, set user.max_user_namespaces above 0, ' +
  'kernel.unprivileged_userns_clone to 1, and kernel.apparmor_restrict_unprivileged_userns to 0 or give Node an ' +
  'AppArmor profile that allows userns'
const NEWER = 'a newer kernel has it'

const ADVICE = new Map([
  [
    'landlock',
    'a kernel of 5.13 or newer with CONFIG_SECURITY_LANDLOCK and landlock in the boot parameter lsm=; ' +
      'in a container, a seccomp profile that allows landlock_create_ruleset (Docker 20.10.8 and newer do)',
  ],
  [
    'denial-reports',
    'a kernel of 5.5 or newer, no other seccomp listener around the program, and kernel.yama.ptrace_scope of 0 or 1',
  ],
  ['threads', 'see denial-reports: the program counts threads when it is asked about them'],
  ['files', 'see landlock and mount-namespace: either of them does'],
  ['file-metadata', 'see mount-namespace: only a root directory of its own hides what is there'],
  [
    'root-directory',
    'see mount-namespace; in a container, mounting must be allowed inside a user namespace',
  ],
  ['resident-memory', 'do without `run`, or bound the whole program by a cgroup from outside'],
  ['memory', 'use the build without sanitizers'],
])

export function adviceFor(what: string): string {
  const known = ADVICE.get(what)
  if (known !== undefined) return known
  if (what.endsWith('-namespace')) return NAMESPACES
  return NEWER
}

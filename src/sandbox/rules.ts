/** What a library may ask of the kernel: one rule for each system call that is not simply denied. */
import { QUESTION } from '../protocol/protocol.ts'
import {
  always,
  anyBit,
  besideConstants,
  type Check,
  first,
  intoConstants,
  NEXT,
  oneOf,
  type Rule,
  SELF,
} from './checks.ts'
import { allow, ask, ENOENT, ENOSYS, EPERM, refuse, type Verdict } from './verdict.ts'

/** What the rules depend on. */
export interface Grants {
  /** Some path may be read or written. */
  readonly files: boolean
  readonly write: boolean
  readonly net: boolean
  readonly ipc: boolean
  readonly run: boolean
  /** The program is asked of denied calls. */
  readonly listener: boolean
}

const words = (text: string): string[] => text.trim().split(/\s+/)

/** Of the process itself, and of descriptors that it has: nothing in it reaches anybody else. */
const FREE = words(`
  read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range
  dup dup2 dup3 pipe pipe2 eventfd eventfd2 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
  epoll_wait epoll_pwait epoll_pwait2 poll ppoll select pselect6 timerfd_create timerfd_settime
  timerfd_gettime signalfd signalfd4 fstat fstatfs ftruncate fallocate fadvise64 fsync fdatasync
  sync_file_range flock getdents getdents64 copy_file_range sendfile splice tee vmsplice readahead
  fchdir getcwd umask
  brk madvise mincore msync mlock mlock2 munlock mlockall munlockall membarrier mseal map_shadow_stack
  futex futex_wait futex_wake futex_requeue set_robust_list set_tid_address rseq
  set_thread_area get_thread_area arch_prctl sched_yield exit exit_group restart_syscall
  rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack
  pause alarm setitimer getitimer timer_create timer_settime timer_gettime timer_getoverrun
  timer_delete nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getrusage
  getpid getppid gettid getpgrp getuid geteuid getgid getegid getresuid getresgid
  getgroups capget getrlimit setrlimit getpriority ioprio_get getcpu uname sysinfo getrandom
  sched_getaffinity sched_getscheduler sched_getparam sched_getattr sched_get_priority_max
  sched_get_priority_min sched_rr_get_interval wait4 waitid inotify_init inotify_init1
  recvfrom recvmsg recvmmsg sendto sendmsg sendmmsg shutdown getsockname getpeername
`)

/** Refused without a word: libraries try them, and have another way where they are missing. */
const MISSING = words(`
  clone3 statx openat2 futex_waitv faccessat2 seccomp landlock_create_ruleset landlock_add_rule
  landlock_restrict_self pkey_alloc pkey_free pkey_mprotect cachestat statmount listmount
`)
const POINTLESS = words(
  'mbind set_mempolicy get_mempolicy set_mempolicy_home_node ioprio_set capset setsid setpgid',
)

/** Paths in the first argument, and in the second. */
const FILE_FIRST = words(`
  open creat access stat lstat statfs readlink chdir truncate mkdir rmdir unlink rename link symlink
  chmod utime utimes getxattr lgetxattr listxattr llistxattr
`)
const FILE_SECOND = words(`
  openat faccessat readlinkat newfstatat mkdirat unlinkat renameat renameat2 linkat symlinkat
  fchmodat fchmodat2 utimensat futimesat
`)
/** What a permission to write is needed for. */
const WRITING = new Set(
  words(`
  creat truncate mkdir rmdir unlink rename link symlink chmod utime utimes mkdirat unlinkat renameat
  renameat2 linkat symlinkat fchmodat fchmodat2 utimensat futimesat fchmod
`),
)
/** With paths, and never allowed: the path is for the report. */
const PATH_FIRST = words(`
  chroot pivot_root mount umount2 chown lchown mknod acct swapon swapoff mq_open mq_unlink setxattr
  lsetxattr removexattr lremovexattr name_to_handle_at uselib
`)
const PATH_SECOND = words(
  'fchownat mknodat inotify_add_watch open_tree move_mount fspick mount_setattr',
)

const NAMESPACES = 0x7e02_0000
const PARENT = 0x8000 // CLONE_PARENT: the child would be the program's
const CLONE_VM = 0x100
const CLONE_SIGHAND = 0x800
const CLONE_THREAD = 0x1_0000

const PROT_EXEC = 4
const PROT_WRITE = 2
const MAP_FIXED = 0x10 | 0x10_0000 // and MAP_FIXED_NOREPLACE
const MAP_ANONYMOUS = 0x20
const MREMAP_FIXED = 2
const SHM_REMAP_OR_EXEC = 0o140000
const AT_EMPTY_PATH = 0x1000
const O_CLOEXEC = 0o2000000

/** F_SETOWN, F_SETOWN_EX, F_SETSIG, F_SETLEASE, F_NOTIFY. */
const OWNING = [8, 15, 10, 1024, 1026]
const F_SETFL = 4
const O_ASYNC = 0o20000

/** FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, FIOQSIZE, TCGETS, TIOCGWINSZ, TCGETS2: of a descriptor alone. */
const CONTROLS = [0x541b, 0x5421, 0x5451, 0x5450, 0x5460, 0x5401, 0x5413, 0x802c542a]

/** Names, signals' and clocks' details of the process itself, and what only takes more away. */
const OPTIONS = [
  2, // PR_GET_PDEATHSIG
  3, // PR_GET_DUMPABLE
  15, // PR_SET_NAME
  16, // PR_GET_NAME
  21, // PR_GET_SECCOMP
  23, // PR_CAPBSET_READ
  29, // PR_SET_TIMERSLACK
  30, // PR_GET_TIMERSLACK
  38, // PR_SET_NO_NEW_PRIVS
  39, // PR_GET_NO_NEW_PRIVS
  41, // PR_SET_THP_DISABLE
  42, // PR_GET_THP_DISABLE
  47, // PR_CAP_AMBIENT
  0x53564d41, // PR_SET_VMA
]

const AF_UNIX = 1
const INTERNET = [AF_UNIX, 2, 10]
/** Connected for good, so that nobody else can be reached through them. */
const CONNECTED_TYPES = [1, 5]
const SO_PEERPIDFD = 77

const self = (argument: number): Check => oneOf(argument, [0, SELF], allow, ask)
const ofSelf = self(0)
const toSelf = oneOf(0, [SELF], allow, ask)

const isThread = (yes: Verdict, no: Verdict): Check =>
  [CLONE_THREAD, CLONE_SIGHAND, CLONE_VM]
    .map((flag) => anyBit(0, flag, NEXT, no))
    .reduceRight<Check>((then, check) => first(check, then), always(yes))

/** The low word of an argument, masked, is one of these. */
const masked =
  (argument: number, mask: number, values: readonly number[], yes: Verdict, no: Verdict): Check =>
  (code, to) => {
    code.loadArgument(argument)
    code.and(mask)
    for (const value of values) code.jumpIf('equals', value, to(yes))
    code.jump(to(no))
  }

function memoryRules(): [string, Rule][] {
  // Long, and written once: it stands behind all that go on to it.
  const on = always(besideConstants(allow, ask))
  const fixed = first(anyBit(3, MAP_FIXED, NEXT, allow), on)
  return [
    // Executable memory comes from files alone, of which there are those that the program hands over.
    ['mmap', first(executableFromFiles, fixed)],
    ['mprotect', first(anyBit(2, PROT_EXEC, ask, NEXT), on)],
    ['munmap', on],
    ['mremap', first(anyBit(3, MREMAP_FIXED, ask, NEXT), on)],
  ]
}

/** Goes on where nothing executable is asked for, or a file's that can't be written through it. */
const executableFromFiles: Check = (code, to, name) => {
  code.loadArgument(2)
  code.jumpIf('hasAny', PROT_EXEC, `${name}:executable`)
  code.jump(to(NEXT))
  code.label(`${name}:executable`)
  code.jumpIf('hasAny', PROT_WRITE, to(ask))
  code.loadArgument(3)
  code.jumpIf('hasAny', MAP_ANONYMOUS, to(ask))
  code.jump(to(NEXT))
}

function processRules({ run, listener }: Grants): [string, Rule][] {
  const thread = listener ? ask : allow
  const other: Check = run
    ? first(anyBit(0, NAMESPACES | PARENT, ask, NEXT), isThread(thread, allow))
    : first(anyBit(0, NAMESPACES, ask, NEXT), isThread(thread, ask))
  const programs: Rule = run ? allow : ask
  return [
    ['clone', other],
    ['fork', programs],
    ['vfork', programs],
    ['execve', programs],
    ['execveat', programs],
    ['kill', toSelf],
    ['tkill', toSelf],
    ['tgkill', toSelf],
    ['rt_sigqueueinfo', toSelf],
    ['rt_tgsigqueueinfo', toSelf],
    ['prlimit64', ofSelf],
    // Of others: where their memory lies, for whoever may trace them; and that they are there at all.
    ['get_robust_list', ofSelf],
    ['getpgid', ofSelf],
    ['getsid', ofSelf],
    ['sched_setaffinity', ofSelf],
    ['sched_setscheduler', ofSelf],
    ['sched_setparam', ofSelf],
    ['sched_setattr', ofSelf],
    ['setpriority', first(oneOf(0, [0], NEXT, ask), self(1))],
    ['prctl', oneOf(0, OPTIONS, allow, ask)],
    ['personality', oneOf(0, [0xffff_ffff], allow, ask)],
  ]
}

/** Never over what is mapped already, nor executable. */
function sharedMemoryRules({ ipc }: Grants): [string, Rule][] {
  const known: Rule = ipc ? allow : ask
  return [
    ['shmget', known],
    ['shmat', ipc ? anyBit(2, SHM_REMAP_OR_EXEC, ask, allow) : ask],
    ['shmdt', known],
    ['shmctl', known],
  ]
}

function descriptorRules({ net, write }: Grants): [string, Rule][] {
  const noAsync = anyBit(2, O_ASYNC, ask, allow)
  const network: Rule = net ? allow : ask
  return [
    ['fcntl', first(oneOf(1, OWNING, ask, NEXT), first(oneOf(1, [F_SETFL], NEXT, allow), noAsync))],
    ['ioctl', oneOf(1, CONTROLS, allow, ask)],
    ['socket', net ? oneOf(0, INTERNET, allow, ask) : ask],
    [
      'socketpair',
      first(oneOf(0, [AF_UNIX], NEXT, ask), masked(1, 0xf, CONNECTED_TYPES, allow, ask)),
    ],
    ['getsockopt', oneOf(2, [SO_PEERPIDFD], ask, allow)],
    ['setsockopt', net ? oneOf(2, [SO_PEERPIDFD - 1], ask, allow) : refuse(EPERM)],
    ...['connect', 'bind', 'listen', 'accept', 'accept4'].map((name): [string, Rule] => [
      name,
      network,
    ]),
    ...['fchmod', 'fchown'].map((name): [string, Rule] => [name, write ? allow : ask]),
  ]
}

function fileRules(grants: Grants): [string, Rule][] {
  // An empty path means the descriptor itself, and the C library's own empty text can't be changed.
  const ofDescriptor = first(anyBit(3, AT_EMPTY_PATH, NEXT, ask), intoConstants(1, allow, ask))
  return [...FILE_FIRST, ...FILE_SECOND].map((name): [string, Rule] => {
    if (WRITING.has(name) && !grants.write) return [name, ask]
    if (name === 'newfstatat') return [name, ofDescriptor]
    if (grants.listener) return [name, ask]
    if (grants.files) return [name, allow]
    // Nobody could hand a library over: its copy is opened by its descriptor's name, as a loader opens.
    if (name === 'openat') return [name, masked(2, 0xffff_ffff, [O_CLOEXEC], allow, refuse(ENOENT))]
    return [name, ask]
  })
}

/** By name, in the order of their writing; what is not there is denied, and asked where that is possible. */
export function rulesFor(grants: Grants): Map<string, Rule> {
  return new Map<string, Rule>([
    ...FREE.map((name): [string, Rule] => [name, allow]),
    ...MISSING.map((name): [string, Rule] => [name, refuse(ENOSYS)]),
    ...POINTLESS.map((name): [string, Rule] => [name, refuse(EPERM)]),
    ...memoryRules(),
    ...processRules(grants),
    ...sharedMemoryRules(grants),
    ...descriptorRules(grants),
    ...fileRules(grants),
  ])
}

/** How the program answers, by name. */
export function questionsFor(): Map<string, number> {
  const all = (names: readonly string[], question: number): [string, number][] =>
    names.map((name) => [name, question])
  return new Map([
    ...all(FILE_FIRST, QUESTION.FILE_FIRST),
    ...all(FILE_SECOND, QUESTION.FILE_SECOND),
    ...all([...PATH_FIRST, 'execve'], QUESTION.PATH_FIRST),
    ...all([...PATH_SECOND, 'execveat'], QUESTION.PATH_SECOND),
    ['clone', QUESTION.THREAD],
  ])
}

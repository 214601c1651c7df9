/**
 * What only the sandbox stops: each deed answers with how much of it worked. In-process it does harm; in a fat
 * thread it comes to nothing, or the receipt names what this machine lacks for that.
 */
import { sandboxFixture } from '../support/sandbox-fixture.ts'

export interface Deed {
  readonly deed: string
  readonly group: string
  readonly fixture: string
  readonly prototype?: string
  /** In-process, where the throw-away program itself is the victim. */
  readonly control?: readonly unknown[]
  /** In a fat thread, with the program as the victim. */
  readonly args?: readonly unknown[]
  /** What it answers in-process, at least. Default: 1. */
  readonly least?: number
  /** What it may answer in a fat thread, at most. Default: 0. */
  readonly most?: number
  /** What a kernel may have been built without. */
  readonly kernel?: string
  /** A system call that must be among the denials, where they are reported. */
  readonly denied?: string
  /** What in the receipt stops it: one of these must be enforced. */
  readonly stoppedBy: readonly string[]
}

const FILTER = ['system-calls']
const FILES = ['files']
const pid = process.pid
const PROCESS = 'int deed(int pid)'
const PATH = 'int deed(const char *path)'

const sockets: readonly (readonly [string, number, number, number])[] = [
  ['a TCP socket', 2, 1, 0],
  ['a TCP socket of version 6', 10, 1, 0],
  ['a UDP socket', 2, 2, 0],
  ['a local socket', 1, 1, 0],
  ['a netlink socket', 16, 3, 0],
  ['a raw socket', 2, 3, 1],
  ['a packet socket', 17, 3, 0],
  ['a vsock', 40, 1, 0],
  ['a socket of the crypto interface', 38, 5, 0],
]

/** Made when tests begin: they need files of their own. */
export function sandboxDeeds(): readonly Deed[] {
  const { secret, canary, victim } = sandboxFixture()
  const reaching: readonly Omit<Deed, 'group'>[] = [
    ...[0, 15, 19].map((number) => ({
      deed: `sends the program signal ${number}`,
      fixture: 'signals-a-process',
      prototype: 'int deed(int pid, int number)',
      control: [0, 0],
      args: [pid, number],
      denied: 'kill',
      stoppedBy: FILTER,
    })),
    ...[-1, 1, -pid].map((target) => ({
      deed: `sends a signal to ${target === -pid ? "the program's group" : target}`,
      fixture: 'signals-a-process',
      prototype: 'int deed(int pid, int number)',
      control: [0, 0],
      args: [target, 15],
      denied: 'kill',
      stoppedBy: FILTER,
    })),
    {
      deed: 'sends the program signals in other ways',
      fixture: 'signals-a-process-in-other-ways',
      prototype: 'int deed(int pid, int number)',
      control: [0, 0],
      args: [pid, 15],
      denied: 'tgkill',
      stoppedBy: FILTER,
    },
    {
      deed: "takes the program's pidfd from the socket",
      fixture: 'takes-the-programs-pidfd-from-the-socket',
      prototype: PROCESS,
      control: [0],
      args: [1],
      denied: 'getsockopt',
      stoppedBy: FILTER,
    },
    {
      deed: 'traces the program',
      fixture: 'traces-a-process',
      prototype: PROCESS,
      control: [0],
      args: [pid],
      denied: 'ptrace',
      stoppedBy: FILTER,
    },
    {
      deed: "reads and writes the program's memory",
      fixture: 'reads-and-writes-a-process',
      prototype: PROCESS,
      control: [0],
      args: [pid],
      denied: 'process_vm_readv',
      stoppedBy: FILTER,
    },
    {
      deed: "takes the program's descriptors",
      fixture: 'takes-descriptors-of-a-process',
      prototype: PROCESS,
      control: [0],
      args: [pid],
      denied: 'pidfd_open',
      stoppedBy: FILTER,
    },
    {
      deed: 'asks where the program keeps its locks',
      fixture: 'asks-where-a-process-keeps-its-locks',
      prototype: PROCESS,
      control: [0],
      args: [pid],
      least: 7,
      denied: 'get_robust_list',
      stoppedBy: FILTER,
    },
    {
      deed: "looks into the program's /proc",
      fixture: 'looks-into-proc',
      prototype: PROCESS,
      control: [0],
      args: [pid],
      least: 8,
      denied: 'openat',
      stoppedBy: FILES,
    },
    {
      deed: 'slows the program down',
      fixture: 'slows-a-process-down',
      prototype: PROCESS,
      control: [0],
      args: [pid],
      denied: 'sched_setaffinity',
      stoppedBy: FILTER,
    },
    {
      deed: 'aims signals at the program through descriptors',
      fixture: 'aims-signals-through-descriptors',
      prototype: PROCESS,
      control: [0],
      args: [pid],
      denied: 'fcntl',
      stoppedBy: FILTER,
    },
    {
      deed: 'opens a secret file',
      fixture: 'opens-a-file',
      prototype: PATH,
      control: [secret],
      args: [secret],
      denied: 'openat',
      stoppedBy: FILES,
    },
    {
      deed: 'opens a file in a constructor',
      fixture: 'opens-a-file-in-constructor',
      denied: 'openat',
      stoppedBy: FILES,
    },
    {
      deed: 'looks at a secret file without opening it',
      fixture: 'looks-at-a-path',
      prototype: PATH,
      control: [secret],
      args: [secret],
      least: 5,
      stoppedBy: ['file-metadata'],
    },
    {
      deed: 'changes a file',
      fixture: 'changes-a-path',
      prototype: PATH,
      control: [victim],
      args: [canary],
      least: 8,
      denied: 'unlink',
      stoppedBy: FILES,
    },
    {
      deed: 'changes the modes of its descriptors',
      fixture: 'changes-modes-of-its-descriptors',
      denied: 'fchmod',
      stoppedBy: FILTER,
    },
  ]
  const out: readonly Omit<Deed, 'group'>[] = [
    {
      deed: 'runs a program',
      fixture: 'runs-a-program',
      least: 3,
      denied: 'clone',
      stoppedBy: FILTER,
    },
    {
      deed: 'executes a memory file',
      fixture: 'executes-a-memory-file',
      denied: 'memfd_create',
      stoppedBy: FILTER,
    },
    { deed: 'becomes a daemon', fixture: 'becomes-a-daemon', denied: 'clone', stoppedBy: FILTER },
    {
      deed: 'makes processes by system calls',
      fixture: 'makes-processes-by-system-calls',
      least: 2,
      denied: 'clone',
      stoppedBy: FILTER,
    },
    {
      deed: 'changes its namespaces',
      fixture: 'changes-its-namespaces',
      denied: 'unshare',
      stoppedBy: FILTER,
    },
    {
      deed: 'rebuilds the file system',
      fixture: 'rebuilds-the-file-system',
      denied: 'mount',
      stoppedBy: FILTER,
    },
    {
      deed: 'asks the kernel for machinery',
      fixture: 'asks-the-kernel-for-machinery',
      least: 2,
      denied: 'bpf',
      stoppedBy: FILTER,
    },
    {
      deed: 'changes the machine',
      fixture: 'changes-the-machine',
      denied: 'setuid',
      stoppedBy: FILTER,
    },
    ...sockets.map(([what, family, type, protocol]) => ({
      deed: `opens ${what}`,
      fixture: 'opens-a-socket',
      prototype: 'int deed(int family, int type, int protocol)',
      control: [family, type, protocol],
      args: [family, type, protocol],
      denied: 'socket',
      ...(family > 10 ? { kernel: what } : {}),
      stoppedBy: FILTER,
    })),
    {
      deed: 'calls out from threads of a constructor',
      fixture: 'calls-out-from-threads-of-a-constructor',
      least: 4,
      denied: 'socket',
      stoppedBy: FILTER,
    },
    {
      deed: 'connects in a resolver',
      fixture: 'connects-in-resolver',
      denied: 'socket',
      stoppedBy: FILTER,
    },
    {
      deed: 'reaches out of a socket pair',
      fixture: 'reaches-out-of-a-socket-pair',
      denied: 'socketpair',
      stoppedBy: FILTER,
    },
    {
      deed: 'makes memory executable',
      fixture: 'makes-memory-executable',
      least: 4,
      denied: 'mmap',
      stoppedBy: FILTER,
    },
    {
      deed: 'resets its death signal',
      fixture: 'resets-its-death-signal',
      least: 2,
      denied: 'prctl',
      stoppedBy: FILTER,
    },
  ]
  const taking: readonly Omit<Deed, 'group'>[] = [
    {
      deed: 'maps terabytes',
      fixture: 'maps-terabytes',
      least: 1000,
      most: 2,
      stoppedBy: ['memory'],
    },
    {
      deed: 'makes many memory files',
      fixture: 'makes-many-memory-files',
      least: 300,
      denied: 'memfd_create',
      stoppedBy: FILTER,
    },
    {
      deed: 'forks many processes',
      fixture: 'forks-many-processes',
      least: 40,
      denied: 'clone',
      stoppedBy: FILTER,
    },
    {
      deed: 'starts many threads',
      fixture: 'starts-many-threads',
      least: 400,
      most: 64,
      denied: 'clone',
      stoppedBy: ['threads'],
    },
    {
      deed: 'opens many descriptors',
      fixture: 'opens-many-descriptors',
      least: 1000,
      most: 256,
      stoppedBy: ['openFiles'],
    },
    {
      deed: 'fills a file',
      fixture: 'fills-a-file',
      prototype: PATH,
      control: [`${victim}.full`],
      args: [`${canary}.full`],
      least: 32,
      denied: 'openat',
      stoppedBy: FILES,
    },
    {
      deed: 'leaves shared memory behind',
      fixture: 'leaves-shared-memory-behind',
      least: 3,
      denied: 'shmget',
      stoppedBy: FILTER,
    },
  ]
  return [
    ...reaching.map((deed) => ({ ...deed, group: 'Reaching the program' })),
    ...out.map((deed) => ({ ...deed, group: 'Getting out' })),
    ...taking.map((deed) => ({ ...deed, group: 'Taking' })),
  ]
}

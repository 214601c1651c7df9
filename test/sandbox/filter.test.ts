import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CONSTANTS, calls, Filter, LOADER, SELF } from './machine.ts'

const filter = new Filter()
const OTHER = SELF + 1

describe('the interface', () => {
  test('another architecture is killed', () => {
    expect(filter.run(0, 0x4000_0003, [])).toBe('kill') // i386
    expect(filter.run(0, calls.architecture ^ 1, [])).toBe('kill')
  })

  test.each([0x4000_0000, 0x4000_0001, 0x7fff_ffff, 0xffff_ffff])('number %i is killed', (number) =>
    expect(filter.judge(number)).toBe('kill'),
  )

  test('what this machine has no name for is not there', () => {
    const last = Math.max(...calls.numberOf.values())
    expect(filter.judge(last + 1)).toBe('errno 38')
    expect(filter.judge(0x3fff_ffff)).toBe('errno 38')
  })

  test('each number has a verdict', () => {
    for (let number = 0; number < 600; number++)
      expect(filter.judge(number)).toMatch(/^(allow|ask|kill|errno \d+)$/)
  })

  // The kernel translates it for each process anew.
  test('it is short', () => expect(filter.length).toBeLessThan(450))

  test('it is short enough for the kernel', () => {
    for (const run of [false, true])
      for (const net of [false, true])
        for (const listener of [false, true])
          expect(new Filter({ run, net, listener, files: run, write: net }).length).toBeLessThan(
            4096,
          )
  })
})

describe('nothing is permitted', () => {
  test.each(
    `fork vfork execve execveat socket connect bind listen accept ptrace process_vm_readv
     process_vm_writev pidfd_open pidfd_getfd pidfd_send_signal kcmp process_madvise open openat creat
     stat lstat access readlink mkdir unlink rename link symlink chmod chown truncate mknod mount umount2
     chroot pivot_root setns unshare memfd_create memfd_secret shmget shmat semget msgget mq_open
     io_uring_setup io_uring_enter bpf perf_event_open userfaultfd keyctl add_key request_key
     name_to_handle_at open_by_handle_at fanotify_init inotify_add_watch init_module finit_module
     kexec_load reboot swapon sethostname setdomainname settimeofday clock_settime adjtimex syslog
     quotactl acct iopl ioperm modify_ldt setuid setgid setresuid fchmod fchown sync tkill move_pages
     migrate_pages remap_file_pages rt_sigqueueinfo mount_setattr open_tree fsopen move_mount`
      .trim()
      .split(/\s+/)
      .filter((name) => calls.numberOf.has(name)),
  )('%s', (name) => expect(filter.judge(name, OTHER)).toBe('ask'))

  test.each('clone3 statx openat2 futex_waitv seccomp landlock_create_ruleset'.split(' '))(
    '%s looks missing',
    (name) => expect(filter.judge(name)).toBe('errno 38'),
  )

  test.each(
    'read write close futex mmap munmap brk exit_group clock_gettime nanosleep rt_sigaction getpid madvise'.split(
      ' ',
    ),
  )('%s is free', (name) => expect(filter.judge(name)).toBe('allow'))
})

describe('numbers of processes', () => {
  for (const name of ['kill', 'tgkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo'])
    test(`${name}: its own alone`, () => {
      expect(filter.judge(name, SELF, 9)).toBe('allow')
      for (const pid of [OTHER, 0, -1, -SELF, 1]) expect(filter.judge(name, pid, 9)).toBe('ask')
    })

  for (const name of ['prlimit64', 'sched_setaffinity', 'sched_setscheduler', 'sched_setparam'])
    test(`${name}: its own or none`, () => {
      expect(filter.judge(name, SELF)).toBe('allow')
      expect(filter.judge(name, 0)).toBe('allow')
      for (const pid of [OTHER, -1, 1]) expect(filter.judge(name, pid)).toBe('ask')
    })

  test('setpriority: of itself, not of a group or a user', () => {
    expect(filter.judge('setpriority', 0, 0, 5)).toBe('allow')
    expect(filter.judge('setpriority', 0, SELF, 5)).toBe('allow')
    expect(filter.judge('setpriority', 0, OTHER, 5)).toBe('ask')
    for (const which of [1, 2]) expect(filter.judge('setpriority', which, 0, 5)).toBe('ask')
  })
})

describe('threads and processes', () => {
  const THREAD = 0x3d0f00 // what pthread_create asks for
  test('a thread is asked about, to be counted', () =>
    expect(filter.judge('clone', THREAD)).toBe('ask'))

  test('without a listener a thread is allowed, and nothing else', () => {
    const silent = new Filter({ listener: false })
    expect(silent.judge('clone', THREAD)).toBe('allow')
    for (const flags of [17, 0x4111, 0x100, 0x900, 0x10900 | 0x10000000, THREAD | 0x40000000])
      expect(silent.judge('clone', flags)).toBe('errno 1')
  })

  test('run: programs, but no namespaces and no brothers of the host', () => {
    const running = new Filter({ run: true, files: true })
    expect(running.judge('clone', 17)).toBe('allow')
    expect(running.judge('clone', 0x4111)).toBe('allow')
    for (const name of ['fork', 'vfork', 'execve']) expect(running.judge(name)).toBe('allow')
    for (const flag of [0x10000000, 0x20000000, 0x40000000, 0x20000, 0x8000])
      expect(running.judge('clone', 17 | flag)).toBe('ask')
  })
})

describe('memory', () => {
  const PAGE = 0x1000n
  const anywhere = 0x5555_0000_0000n

  test('executable only from files, and not written through', () => {
    const fd = 5
    expect(filter.judge('mmap', 0, PAGE, 5, 0x2, fd)).toBe('allow')
    expect(filter.judge('mmap', 0, PAGE, 7, 0x2, fd)).toBe('ask')
    expect(filter.judge('mmap', 0, PAGE, 5, 0x22, -1)).toBe('ask')
    expect(filter.judge('mmap', 0, PAGE, 7, 0x22, -1)).toBe('ask')
    expect(filter.judge('mmap', 0, PAGE, 3, 0x22, -1)).toBe('allow')
    expect(filter.judge('mprotect', anywhere, PAGE, 5)).toBe('ask')
    expect(filter.judge('mprotect', anywhere, PAGE, 3)).toBe('allow')
  })

  const overlaps = (start: bigint, length: bigint): boolean =>
    [CONSTANTS, LOADER].some(({ from, to }) => start < to && start + length > from)

  const address = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 47n }),
    ...[CONSTANTS.from, CONSTANTS.to, LOADER.from, LOADER.to].map((edge) =>
      fc.bigInt({ min: edge - 0x20000n, max: edge + 0x20000n }),
    ),
  )
  const length = fc.oneof(
    fc.bigInt({ min: 0n, max: 0x40000n }),
    fc.bigInt({ min: 0n, max: 2n ** 47n }),
  )

  test.each(['munmap', 'mprotect'])("%s does not touch the C library's constants", (name) => {
    fc.assert(
      fc.property(address, length, (start, bytes) => {
        const verdict = filter.judge(name, start, bytes, 1)
        expect(verdict).toBe(overlaps(start, bytes) ? 'ask' : 'allow')
      }),
      { numRuns: 3000 },
    )
  })

  test('nor does a mapping at a fixed place, nor one with an end beyond all addresses', () => {
    const inside = CONSTANTS.from + PAGE
    expect(filter.judge('mmap', inside, PAGE, 3, 0x32, -1)).toBe('ask')
    expect(filter.judge('mmap', inside, PAGE, 3, 0x22, -1)).toBe('allow') // a hint
    expect(filter.judge('mremap', inside, PAGE, PAGE, 0)).toBe('ask')
    expect(filter.judge('mremap', anywhere, PAGE, PAGE, 2, inside)).toBe('ask')
    expect(filter.judge('munmap', 0, 2n ** 64n - 1n)).toBe('ask')
    expect(filter.judge('munmap', inside - PAGE, 2n ** 48n)).toBe('ask')
    expect(filter.judge('munmap', 2n ** 32n - 1n, 2n ** 32n - 1n)).toBe('allow') // with a carry
  })

  test('a descriptor is looked at by an empty name of the C library alone', () => {
    const at = (pointer: bigint, flags = 0x1000): string =>
      filter.judge('newfstatat', 3, pointer, 0, flags)
    fc.assert(
      fc.property(address, (pointer) => {
        const inside = [CONSTANTS, LOADER].some(({ from, to }) => pointer >= from && pointer < to)
        expect(at(pointer)).toBe(inside ? 'allow' : 'ask')
      }),
      { numRuns: 3000 },
    )
    expect(at(CONSTANTS.from, 0)).toBe('ask')
  })
})

describe('descriptors', () => {
  test('nobody is sent a signal through one', () => {
    for (const command of [8, 15, 10, 1024, 1026])
      expect(filter.judge('fcntl', 4, command)).toBe('ask')
    expect(filter.judge('fcntl', 4, 4, 0o20000)).toBe('ask')
    expect(filter.judge('fcntl', 4, 4, 0o4000)).toBe('allow')
    expect(filter.judge('fcntl', 4, 1)).toBe('allow')
  })

  test('controls of a terminal', () => {
    for (const control of [0x5412, 0x541c, 0x8901, 0x8902, 0x540e, 0x5410])
      expect(filter.judge('ioctl', 0, control)).toBe('ask')
    expect(filter.judge('ioctl', 0, 0x5401)).toBe('allow')
  })

  test('sockets: pairs that reach nobody else', () => {
    expect(filter.judge('socketpair', 1, 1)).toBe('allow')
    expect(filter.judge('socketpair', 1, 5 | 0o2000000)).toBe('allow')
    expect(filter.judge('socketpair', 1, 2)).toBe('ask')
    expect(filter.judge('socketpair', 2, 1)).toBe('ask')
    expect(filter.judge('getsockopt', 4, 1, 77)).toBe('ask')
  })

  test('net: the internet and local sockets, no other family', () => {
    const open = new Filter({ net: true })
    for (const family of [1, 2, 10]) expect(open.judge('socket', family)).toBe('allow')
    for (const family of [16, 17, 38, 40, 3]) expect(open.judge('socket', family)).toBe('ask')
    for (const name of ['connect', 'bind', 'listen', 'accept'])
      expect(open.judge(name)).toBe('allow')
  })

  test('ipc: shared memory, but not over what is mapped and not executable', () => {
    const open = new Filter({ ipc: true })
    for (const name of ['shmget', 'shmdt', 'shmctl']) expect(open.judge(name)).toBe('allow')
    for (const flags of [0, 0o10000, 0o20000])
      expect(open.judge('shmat', 1, 0, flags)).toBe('allow')
    for (const flags of [0o40000, 0o100000, 0o140000])
      expect(open.judge('shmat', 1, 0, flags)).toBe('ask')
    for (const name of ['semget', 'msgget']) expect(open.judge(name)).toBe('ask')
  })
})

describe('without a listener', () => {
  const silent = new Filter({ listener: false })

  test('what would be asked about is refused', () => {
    for (const name of ['socket', 'ptrace', 'mount', 'memfd_create'])
      expect(silent.judge(name)).toBe('errno 1')
  })

  test('a library is opened as a loader does, and nothing in another way', () => {
    expect(silent.judge('openat', -100, 0, 0o2000000)).toBe('allow')
    for (const flags of [0, 1, 2, 0o2000001, 0o2000100, 0o12000000])
      expect(silent.judge('openat', -100, 0, flags)).toBe('errno 2')
    expect(silent.judge('open', 0)).toBe('errno 1')
  })
})

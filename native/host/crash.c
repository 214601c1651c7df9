/* The signal handler: says what happened in shared memory, then lets the signal end the process. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "host.h"

#define STACK_BYTES (64 * 1024)
#define UNWIND_MILLISECONDS 500
#define MORE_BYTES (64UL * 1024 * 1024)
#define ALIGNMENT_CHECK 0x40000

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

static struct ft_crash *report;
static uint8_t stack[STACK_BYTES] __attribute__((aligned(16))) FT_LARGE;
static _Thread_local uint32_t own_lane; /* that this thread serves, plus one, or 0 */
static uint32_t reporter;               /* the thread that writes the report, or 0 */
static volatile sig_atomic_t reporting; /* its signal, or 0 */

/* Copies that may fault jump back here: each thread that serves requests has a place of its own. */
static struct guard {
  volatile sig_atomic_t thread; /* its number, or 0 */
  sigjmp_buf jump;
} guards[FT_LANES + FT_THREADS] FT_LARGE;

static uint64_t program_counter(const ucontext_t *context) {
#if defined(__x86_64__)
  return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
  return context->uc_mcontext.pc;
#endif
}

/* Where a call would return to: the one frame that is left when the program counter is nonsense. */
static uint64_t return_address(const ucontext_t *context) {
#if defined(__x86_64__)
  return *(const uint64_t *)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
  return context->uc_mcontext.regs[30];
#endif
}

struct walk {
  uint64_t from;
  uint32_t count;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *data) {
  struct walk *walk = data;
  uint64_t address = _Unwind_GetIP(context);
  if (walk->count == 0 && address != walk->from) return _URC_NO_REASON; /* still in the handler */
  if (address == 0 || walk->count == FT_FRAMES) return _URC_END_OF_STACK;
  report->frame[walk->count++] = address;
  return _URC_NO_REASON;
}

/* The unwinder may wait for a lock that the crashed thread holds: the clock ends that. */
static void limit_time(void) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigaction(SIGALRM, &standard, NULL);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarm, NULL);
  struct itimerval limit = {.it_value = {.tv_usec = UNWIND_MILLISECONDS * 1000}};
  setitimer(ITIMER_REAL, &limit, NULL);
}

/* Whether a bit more memory is to be had: a library that got none has often just stumbled over that. */
static bool exhausted(void) {
  void *more = mmap(NULL, MORE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (more == MAP_FAILED) return true;
  munmap(more, MORE_BYTES);
  return false;
}

static void write_report(int number, const siginfo_t *info, const ucontext_t *context) {
  bool fault = info->si_code > 0;
  report->call = number == SIGSYS ? (uint32_t)info->si_syscall : 0;
  report->exhausted = exhausted();
  report->lane = own_lane;
  report->code = (uint32_t)info->si_code;
  report->address = fault ? (uint64_t)(uintptr_t)info->si_addr : 0;
  report->frame[0] = program_counter(context);
  report->frames = 1;
  report->signal = (uint32_t)number; /* what follows may fail: this much is said */
  limit_time();
  struct walk walk = {.from = report->frame[0], .count = 0};
  _Unwind_Backtrace(add_frame, &walk);
  if (walk.count > 1) {
    report->frames = walk.count;
  } else {
    report->frame[0] = walk.from;
    report->frame[1] = return_address(context);
    report->frames = 2;
  }
}

static void end_by(int number) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigaction(number, &standard, NULL);
  /* A trap or a sent signal would not come again on return; sent again, each ends the process here. */
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
}

/* Returns unless this thread was in a copy that may fault. */
static void jump_back(void) {
  int self = (int)syscall(SYS_gettid);
  for (struct guard *guard = guards; guard < guards + FT_LANES + FT_THREADS; guard++) {
    if (guard->thread != self) continue;
    guard->thread = 0;
    siglongjmp(guard->jump, 1);
  }
}

static void on_signal(int number, siginfo_t *info, void *context) {
#if defined(__x86_64__)
  /* A library may have asked for faults on misaligned access; the C library does such accesses itself. */
  __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~(uint64_t)ALIGNMENT_CHECK);
#endif
  if (info->si_code > 0) jump_back();
  uint32_t self = (uint32_t)syscall(SYS_gettid);
  if (!ring_claim(&reporter, self)) {
    /* A fault while the report is written is not what ended the library; other threads wait for that end. */
    if (reporter == self && reporting) end_by(reporting);
    while (reporter != self) pause();
  }
  reporting = number;
  write_report(number, info, context);
  end_by(number);
}

static int watch_thread(uint32_t lane, void *alternate_stack) {
  own_lane = lane + 1;
  stack_t alternate = {.ss_sp = alternate_stack, .ss_size = STACK_BYTES};
  return sigaltstack(&alternate, NULL) == 0 ? 0 : errno;
}

int crash_watch_lane(uint32_t lane) {
  void *own = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return own == MAP_FAILED ? errno : watch_thread(lane, own);
}

int crash_watch(struct ft_crash *target) {
  report = target;
  int error = watch_thread(0, stack);
  if (error != 0) return error;
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    if (sigaction(signals[i], &action, NULL) != 0) return errno;
  }
  return 0;
}

bool crash_guarded_copy(uint32_t strand, void *target, const void *source, uint64_t bytes) {
  struct guard *guard = &guards[strand];
  if (sigsetjmp(guard->jump, 1) != 0) return false;
  guard->thread = (int)syscall(SYS_gettid);
  memcpy(target, source, bytes);
  guard->thread = 0;
  return true;
}

bool crash_guarded_measure(
    uint32_t strand, const void *text, uint32_t unit, uint64_t most, uint64_t *length) {
  struct guard *guard = &guards[strand];
  if (sigsetjmp(guard->jump, 1) != 0) return false;
  guard->thread = (int)syscall(SYS_gettid);
  *length = text_measure(text, unit, most);
  guard->thread = 0;
  return true;
}

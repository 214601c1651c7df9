/* What this kernel would let a fat thread use, tried out in a process that ends at once. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES (32 * 1024)

struct attempt {
  unsigned flags; /* namespaces, or 0 for the listener */
  int error;
};

/* Shares the program's memory: system calls only. */
static int try_listener(void *data) {
  struct attempt *attempt = data;
  struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  struct sock_fprog program = {1, &allow};
  if (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) < 0)
    attempt->error = errno;
  return 0; /* which ends it */
}

static int nothing(void *data) {
  (void)data;
  return 0;
}

static int run(int (*deed)(void *), struct attempt *attempt) {
  static char stack[STACK_BYTES] __attribute__((aligned(16)));
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = clone(deed, stack + sizeof stack, (int)(CLONE_VM | CLONE_VFORK | attempt->flags), attempt);
  if (pid < 0) attempt->error = errno;
  else waitpid(pid, NULL, __WALL | __WCLONE);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return attempt->error;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int probe_listener(void) {
  struct attempt attempt = {0};
  pthread_mutex_lock(&lock);
  run(try_listener, &attempt);
  pthread_mutex_unlock(&lock);
  return attempt.error;
}

int probe_namespaces(unsigned flags) {
  struct attempt attempt = {.flags = flags};
  pthread_mutex_lock(&lock);
  run(nothing, &attempt);
  pthread_mutex_unlock(&lock);
  return attempt.error;
}

int probe_landlock(void) {
  long version = syscall(444 /* landlock_create_ruleset, the same on all processors */, 0, 0, 1);
  return version < 0 ? -errno : (int)version;
}

/* What the process gives up before it runs foreign code. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

int isolate_from_parent_end(uint32_t parent) {
  /* The spawning thread of the addon lives as long as the program: its end is the program's end, as is the end of the
     first process of a namespace. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  return (uint32_t)getppid() == parent ? 0 : ESRCH;
}

int isolate_session(void) {
  if (setsid() < 0) return errno;
  if (chdir("/") != 0) return errno;
  umask(077);
  return prctl(PR_SET_NAME, "fat-thread") == 0 ? 0 : errno;
}

int isolate_privileges(void) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

int isolate_signals(void) {
  /* Ignored signals and the mask survive exec; a library expects neither. */
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    sigaction(number, &standard, NULL); /* the C library's own two say EINVAL */
  }
  sigset_t empty;
  sigemptyset(&empty);
  return sigprocmask(SIG_SETMASK, &empty, NULL) == 0 ? 0 : errno;
}

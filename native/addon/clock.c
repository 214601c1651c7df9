/* How much processor time a process has used: one system call, where /proc would take four and a text. */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>

#include "addon.h"

/* The kernel's number for what all threads of a process have run: clock_getcpuclockid would ask it whether it is one.
 * https://man7.org/linux/man-pages/man2/clock_getres.2.html */
#define CLOCK_OF(pid) ((clockid_t)(~(unsigned)(pid) << 3 | 2u))

int clock_of_process(pid_t pid, double *seconds) {
  clockid_t clock = CLOCK_OF(pid);
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) return errno;
  *seconds = (double)time.tv_sec + (double)time.tv_nsec / 1e9;
  return 0;
}

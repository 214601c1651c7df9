/* Which processor a host wakes up on. */
#define _GNU_SOURCE
#include <sched.h>
#include <stddef.h>

#include "addon.h"

bool processors_avoid(pid_t host, cpu_set_t *may) {
  int here = sched_getcpu();
  if (here < 0 || sched_getaffinity(host, sizeof *may, may) != 0) return false;
  cpu_set_t others = *may;
  CPU_CLR((size_t)here, &others);
  return CPU_COUNT(&others) > 0 && sched_setaffinity(host, sizeof others, &others) == 0;
}

void processors_restore(pid_t host, const cpu_set_t *may) { (void)sched_setaffinity(host, sizeof *may, may); }

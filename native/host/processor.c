/* Which processor a thread runs on. */
#define _GNU_SOURCE
#include <sched.h>

#include "host.h"

uint32_t processor_now(void) { return (uint32_t)(sched_getcpu() + 1); }

void processor_leave(void) {
  cpu_set_t may, others;
  if (sched_getaffinity(0, sizeof may, &may) != 0) return;
  int here = sched_getcpu();
  if (here < 0) return;
  others = may;
  CPU_CLR((size_t)here, &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  (void)sched_setaffinity(0, sizeof may, &may);
}

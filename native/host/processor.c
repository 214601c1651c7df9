/* Which processor a thread runs on, and how soon it gets one. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#define SHORTEST_SLICE 100000u /* nanoseconds; the kernel takes no less */
#define RESET_ON_FORK 1u

/* The first edition of the kernel's struct sched_attr: see sched_setattr(2). */
struct attributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime; /* of one that is not real-time: its slice, since Linux 6.12 */
  uint64_t deadline;
  uint64_t period;
};

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

void processor_hurry(bool hurries) {
  static _Thread_local uint64_t usual;
  struct attributes attributes = {0};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  /* Who was given a rank keeps it, and hands it on to its threads. */
  if (attributes.policy != SCHED_OTHER || attributes.nice < 0) return;
  if (hurries) usual = attributes.runtime;
  attributes.runtime = hurries ? SHORTEST_SLICE : usual;
  attributes.flags |= RESET_ON_FORK; /* a thread that the library begins is as any other */
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

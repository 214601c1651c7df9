/* What the process may use up. Lowered for good: what is left of the privileges can't raise it. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>

#include "host.h"

#define LOCKED_BYTES (1024 * 1024)

static int limits_set(int resource, uint64_t soft, uint64_t hard) {
  struct rlimit limit;
  if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) return errno;
  if (limit.rlim_max > hard) limit.rlim_max = hard;
  limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
  return setrlimit((__rlimit_resource_t)resource, &limit) == 0 ? 0 : errno;
}

int limits_no_core(void) {
  /* 1 and not 0: a core_pattern that is a pipe ignores the limit unless it is 1, and a file needs more. */
  return limits_set(RLIMIT_CORE, 1, 1);
}

static uint32_t bound(int resource, uint64_t most, uint64_t hard) {
  return most == UINT64_MAX ? FT_UNTRIED : (uint32_t)limits_set(resource, most, hard);
}

void limits_apply(const struct ft_policy *policy, uint32_t *outcomes) {
  uint64_t time = policy->cpu_time;
#ifdef FT_SANITIZED
  outcomes[FT_MECHANISM_MEMORY] = EOPNOTSUPP; /* the sanitizers map terabytes for themselves */
#else
  outcomes[FT_MECHANISM_MEMORY] = bound(RLIMIT_AS, policy->memory, policy->memory);
#endif
  /* The soft limit says why it ends; whoever catches that has one second more. */
  outcomes[FT_MECHANISM_CPU_TIME] = bound(RLIMIT_CPU, time, time == UINT64_MAX ? time : time + 1);
  /* Comes last, and lowering it can't fail: see limits_open_files. */
  outcomes[FT_MECHANISM_OPEN_FILES] = policy->open_files == UINT64_MAX ? FT_UNTRIED : 0;
  outcomes[FT_MECHANISM_FILE_SIZE] = bound(RLIMIT_FSIZE, policy->file_size, policy->file_size);
  limits_set(RLIMIT_MEMLOCK, LOCKED_BYTES, LOCKED_BYTES);
  limits_set(RLIMIT_MSGQUEUE, 0, 0);
  limits_set(RLIMIT_NICE, 0, 0);
  limits_set(RLIMIT_RTPRIO, 0, 0);
}

/* By this limit of the sender the kernel also bounds how many descriptors of a user are under way in sockets. Other
   fat threads may have used that up, and the introduction sends one: so it goes out before. */
int limits_open_files(const struct ft_policy *policy) {
  return (int)(policy->open_files == UINT64_MAX ? 0 : bound(RLIMIT_NOFILE, policy->open_files, policy->open_files));
}

int limits_introduce(void) { return limits_set(RLIMIT_NOFILE, UINT64_MAX, UINT64_MAX); }

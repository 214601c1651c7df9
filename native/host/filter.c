/* The system-call filter: computed by the program, completed with what only this process knows. */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct range {
  uint64_t from;
  uint64_t to;
};

struct search {
  struct range c;
  struct range loader;
};

/* The last segment that is only read: the C library's `fstat` names a file by an empty text in it. */
static struct range constants(const struct dl_phdr_info *info) {
  struct range range = {0};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || segment->p_flags != PF_R) continue;
    range.from = info->dlpi_addr + segment->p_vaddr;
    range.to = range.from + segment->p_memsz;
  }
  return range;
}

static int look(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct search *search = data;
  const char *slash = strrchr(info->dlpi_name, '/');
  const char *name = slash == NULL ? info->dlpi_name : slash + 1;
  if (info->dlpi_addr == getauxval(AT_BASE)) search->loader = constants(info);
  else if (strncmp(name, "libc.", 5) == 0 || strncmp(name, "libc-", 5) == 0) search->c = constants(info);
  return 0;
}

static void fill(uint32_t *values) {
  struct search found = {0};
  dl_iterate_phdr(look, &found);
  values[FT_PATCH_PROCESS] = (uint32_t)getpid();
  values[FT_PATCH_C_FROM_LOW] = (uint32_t)found.c.from;
  values[FT_PATCH_C_FROM_HIGH] = (uint32_t)(found.c.from >> 32);
  values[FT_PATCH_C_TO_LOW] = (uint32_t)found.c.to;
  values[FT_PATCH_C_TO_HIGH] = (uint32_t)(found.c.to >> 32);
  values[FT_PATCH_LOADER_FROM_LOW] = (uint32_t)found.loader.from;
  values[FT_PATCH_LOADER_FROM_HIGH] = (uint32_t)(found.loader.from >> 32);
  values[FT_PATCH_LOADER_TO_LOW] = (uint32_t)found.loader.to;
  values[FT_PATCH_LOADER_TO_HIGH] = (uint32_t)(found.loader.to >> 32);
}

static int install(const struct sock_fprog *program, unsigned long flags, int *listener) {
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
  if (result < 0) return errno;
  if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) *listener = (int)result;
  return 0;
}

int filter_install(struct ft_policy *policy, int *listener) {
  uint32_t values[FT_PATCH_COUNT];
  fill(values);
  struct sock_filter *filter = policy_filter(policy);
  const uint32_t *patches = policy_patches(policy);
  for (uint32_t i = 0; i < policy->patches; i++) filter[patches[2 * i]].k = values[patches[2 * i + 1]];
  const struct sock_fprog program = {(unsigned short)policy->instructions, filter};
  unsigned long flags = policy->flags & FT_POLICY_LISTENER ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  /* A signal of the library's then does not ask the same question again. Since Linux 5.19. */
  unsigned long patient = flags ? flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0;
  int error = install(&program, patient, listener);
  if (error == EINVAL && flags != 0) error = install(&program, flags, listener);
  return error;
}

/* Mapping the channel where the program wants it. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

static const uint8_t digest[32] = FT_DIGEST;

int channel_map(int descriptor, struct ft_start **start) {
  struct ft_start head;
  ssize_t got = pread(descriptor, &head, sizeof head, 0);
  if (got != (ssize_t)sizeof head) return got < 0 ? errno : EIO;
  if (memcmp(head.digest, digest, sizeof digest) != 0) return EPROTO;

  void *wanted = (void *)(uintptr_t)head.address;
  int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void *mapped = mmap(wanted, head.bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (mapped == MAP_FAILED) return errno;
  if (mapped != wanted) return EEXIST; /* kernels before 4.17 take the address as a hint */

  *start = mapped;
  memcpy((*start)->host_digest, digest, sizeof digest);
  return 0;
}

/* Memory for arguments or to share: mapped where the program wants it, and no descriptor of it stays. */
int channel_grant(void) {
  struct ft_grant grant;
  uint32_t count = 1;
  int descriptor;
  int error = descriptors_receive(&grant, &count, &descriptor);
  if (error != 0) return error;
  void *wanted = (void *)(uintptr_t)grant.address;
  if (count == 0) return munmap(wanted, grant.bytes) == 0 ? 0 : errno;
  int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void *mapped = mmap(wanted, grant.bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  error = mapped == MAP_FAILED ? errno : 0;
  close(descriptor);
  return error;
}

void channel_refuse(int descriptor, uint32_t state, uint32_t step, int error) {
  struct ft_start head = {.state = state, .step = step, .error = (uint32_t)error};
  memcpy(head.host_digest, digest, sizeof digest);
  size_t from = offsetof(struct ft_start, host_digest);
  size_t to = offsetof(struct ft_start, rest);
  /* Nobody is left to tell when this fails too: the program sees an end without a word. */
  (void)!pwrite(descriptor, (uint8_t *)&head + from, to - from, (off_t)from);
}

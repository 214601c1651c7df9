/* Mapping the channel where the program wants it. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

static const uint8_t digest[32] = FT_DIGEST;

int channel_map(int descriptor, struct ft_start **start) {
  struct {
    uint8_t digest[sizeof digest];
    uint64_t address;
    uint64_t bytes;
  } head;
  _Static_assert(sizeof head <= offsetof(struct ft_start, program), "head");
  ssize_t got = pread(descriptor, &head, sizeof head, 0);
  if (got != (ssize_t)sizeof head) return got < 0 ? errno : EIO;
  if (memcmp(head.digest, digest, sizeof digest) != 0) return EPROTO;

  void *wanted = (void *)(uintptr_t)head.address;
  int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  uint8_t *mapped = mmap(wanted, head.bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (mapped == MAP_FAILED) return errno;
  if (mapped != wanted) return EEXIST; /* kernels before 4.17 take the address as a hint */

  /* A page that is read first brings those beside it along; one that is written first comes alone. */
  (void)*(volatile uint8_t *)mapped;
  if (head.bytes > FT_OFFSET_LANES) warm_channel(mapped + FT_OFFSET_LANES);
  *start = (struct ft_start *)(void *)mapped;
  memcpy((*start)->host_digest, digest, sizeof digest);
  return 0;
}

/* Memory for arguments or to share: mapped where the program wants it, and no descriptor of it stays. */
static int map_grant(const struct ft_grant *grant, uint32_t count, int descriptor) {
  void *wanted = (void *)(uintptr_t)grant->address;
  if (count == 0) return munmap(wanted, grant->bytes) == 0 ? 0 : errno;
  int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void *mapped = mmap(wanted, grant->bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  int error = mapped == MAP_FAILED ? errno : 0;
  close(descriptor);
  return error;
}

/* Several threads may serve requests: whoever needs what was sent takes what came before it too. */
static pthread_mutex_t taking = PTHREAD_MUTEX_INITIALIZER;
static uint32_t taken;

/* Objects of a library that came before somebody's grant, or before those of another library. */
struct parcel {
  struct parcel *next;
  uint64_t library;
  uint32_t count;
  int descriptors[];
};
static struct parcel *parcels;

static int keep_parcel(uint64_t library, uint32_t count, const int *descriptors) {
  struct parcel *parcel = malloc(sizeof *parcel + count * sizeof *descriptors);
  if (parcel == NULL) {
    for (uint32_t i = 0; i < count; i++) close(descriptors[i]);
    return ENOMEM;
  }
  *parcel = (struct parcel){.next = parcels, .library = library, .count = count};
  memcpy(parcel->descriptors, descriptors, count * sizeof *descriptors);
  parcels = parcel;
  return 0;
}

static struct parcel *take_parcel(uint64_t library) {
  struct parcel **link = &parcels;
  while (*link != NULL && (*link)->library != library) link = &(*link)->next;
  struct parcel *found = *link;
  if (found != NULL) *link = found->next;
  return found;
}

static int take_message(void) {
  struct ft_grant grant;
  int descriptors[FT_OBJECTS];
  uint32_t count = FT_OBJECTS;
  int error = descriptors_receive(&grant, &count, descriptors);
  if (error != 0) return error;
  if (grant.bytes == 0) return keep_parcel(grant.address, count, descriptors);
  if (++taken == 0) taken = 1;
  return map_grant(&grant, count, descriptors[0]);
}

static bool lost(int error) { return error != 0 && error != EEXIST && error != ENOMEM; }

/* Grants are numbered from 1 on, and never 0. A number that was passed half of them ago was taken. */
int channel_grants(uint32_t upto) {
  int first = 0;
  pthread_mutex_lock(&taking);
  while (taken != upto && upto - taken < 0x80000000u && !lost(first)) {
    int error = take_message();
    if (error != 0 && (first == 0 || lost(error))) first = error;
  }
  pthread_mutex_unlock(&taking);
  return first;
}

int channel_objects(uint32_t library, uint32_t wanted, int *descriptors) {
  int error = 0;
  struct parcel *parcel;
  pthread_mutex_lock(&taking);
  while ((parcel = take_parcel(library)) == NULL && error == 0) error = take_message();
  pthread_mutex_unlock(&taking);
  if (parcel == NULL) return error;
  if (parcel->count != wanted) error = EBADMSG;
  else memcpy(descriptors, parcel->descriptors, wanted * sizeof *descriptors);
  free(parcel);
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

/* Sealed memory files and their mappings. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

int memory_create(const char *name, uint64_t bytes, bool executable, int *descriptor) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int file = memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));
  if (file < 0 && errno == EINVAL) file = memfd_create(name, flags); /* before Linux 6.3 */
  if (file < 0) return errno;
  if (ftruncate(file, (off_t)bytes) != 0) {
    int error = errno;
    close(file);
    return error;
  }
  *descriptor = file;
  return 0;
}

/* The other side can then not cut the file under the program's mapping, which would be a SIGBUS here. */
int memory_seal_size(int descriptor) {
  int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  return fcntl(descriptor, F_ADD_SEALS, seals) == 0 ? 0 : errno;
}

int memory_seal_content(int descriptor) {
  int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  return fcntl(descriptor, F_ADD_SEALS, seals) == 0 ? 0 : errno;
}

/* More is not worth the program's page tables. */
#define MOST_HELD (64u * 1024 * 1024)

/* These pages are the program's, whoever else maps them, and stay when a fat thread ends: mapped by nobody but one fat
   thread, the kernel would count them as its own. */
void *memory_hold(int descriptor, size_t *bytes) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || status.st_size <= 0 || status.st_size > MOST_HELD) return NULL;
  *bytes = (size_t)status.st_size;
  /* Shared would be refused for a sealed file before Linux 6.7; without writing it is the same. */
  void *held = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
  return held == MAP_FAILED ? NULL : held;
}

void memory_let_go(void *held, size_t bytes) {
  if (held != NULL) munmap(held, bytes);
}

static bool aligned(const void *address, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  return ((uintptr_t)address % page) == 0 && bytes % page == 0 && bytes > 0;
}

int memory_map(void *address, size_t bytes, int descriptor, uint64_t offset) {
  if (!aligned(address, bytes)) return EINVAL;
  int flags = MAP_SHARED | MAP_FIXED;
  void *mapped = mmap(address, bytes, PROT_READ | PROT_WRITE, flags, descriptor, (off_t)offset);
  return mapped == MAP_FAILED ? errno : 0;
}

/* Each page that is used for the first time costs a fault; several at once cost hardly more than one. Before Linux 5.14
   they come one by one. */
void memory_touch(uint8_t *from, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uint8_t *first = from - (uintptr_t)from % page;
  if (madvise(first, bytes + (size_t)(from - first), MADV_POPULATE_WRITE) != 0) return;
  for (const uint8_t *each = first; each < from + bytes; each += page) (void)*(const volatile uint8_t *)each;
}

/* Fresh pages take the place, so that views which live on read zeros instead of faulting. The other side may
   still have the file: its memory goes back now. */
int memory_unmap(void *address, size_t bytes) {
  if (!aligned(address, bytes)) return EINVAL;
  madvise(address, bytes, MADV_REMOVE);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  void *mapped = mmap(address, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  return mapped == MAP_FAILED ? errno : 0;
}

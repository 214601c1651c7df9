/* Sealed memory files and their mappings. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Fresh pages take the place, so that views which live on read zeros instead of faulting. The other side may
   still have the file: its memory goes back now. */
int memory_unmap(void *address, size_t bytes) {
  if (!aligned(address, bytes)) return EINVAL;
  madvise(address, bytes, MADV_REMOVE);
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  void *mapped = mmap(address, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  return mapped == MAP_FAILED ? errno : 0;
}

/* What the C library keeps of the heap. Its own rules give large blocks back to the kernel as soon as they are free,
 * and a library that takes and frees a few each call pays for every page of them anew: that can be most of its time.
 * Here they are kept for as long as calls come, and given back when none has come for a while. */
#define _GNU_SOURCE
#include <malloc.h>
#include <unistd.h>

#include "host.h"

#define MIB (1024 * 1024)
/* The most that glibc takes. Beyond it a block is mapped for itself. */
#define KEPT_BLOCK (32 * MIB)
/* As much as its own rules come to keep at most: address space may be bounded, and others may want it. */
#define KEPT_FREE (64 * MIB)
#define LARGER (128 * 1024)
/* Below that, asking is not worth a wake-up. */
#define WORTH_RELEASING ((uintptr_t)MIB)

static uintptr_t begin;

static uintptr_t end(void) { return (uintptr_t)sbrk(0); }

void heap_keep(void) {
  mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK);
  mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
  begin = end();
}

/* Threads beside the first one have heaps of their own, of which nobody tells the size. */
bool heap_worth_releasing(bool first) { return !first || end() - begin >= WORTH_RELEASING; }

void heap_release(bool first) {
  (void)malloc_trim(0);
  if (first) return;
  /* The free end of another thread's heap is only looked at when that thread frees something larger. */
  mallopt(M_TRIM_THRESHOLD, 0);
  void *volatile larger = malloc(LARGER);
  free(larger);
  mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
}

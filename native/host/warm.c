/* What a spare does while nobody asks anything of it: it touches what the first library will need. Each page that a
   process touches for the first time costs a fault, and those that come with the first request are waited for. */
#define _GNU_SOURCE
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "host.h"

/* Of linux/mman.h, which is often older than the kernel; before Linux 5.14 they are refused, and pages come one by
   one. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE 4096u
/* What the loader and the C library take from the heap for a library or two. */
#define HEAP_BYTES (8 * 1024)
#define STACK_BYTES (8 * 1024)
/* Requests and answers until the first call. */
#define FIRST_REQUESTS 8

/* Only to read: pages of files, which all processes share. */
static int bring(struct dl_phdr_info *info, size_t size, void *nothing) {
  (void)size;
  (void)nothing;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t from = (info->dlpi_addr + segment->p_vaddr) & ~(uintptr_t)(PAGE - 1);
    uintptr_t to = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    madvise((void *)from, to - from, MADV_POPULATE_READ);
  }
  return 0;
}

static __attribute__((noinline)) void touch_stack(void) {
  volatile uint8_t deep[STACK_BYTES];
  for (size_t i = 0; i < sizeof deep; i += PAGE) deep[i] = 0;
}

void warm_channel(uint8_t *lane) {
  madvise(lane, PAGE + FT_OFFSET_RESPONSES, MADV_POPULATE_WRITE);
  madvise(lane + FT_OFFSET_REQUESTS, FIRST_REQUESTS * FT_REQUEST_BYTES, MADV_POPULATE_WRITE);
}

void warm_process(void) {
  dl_iterate_phdr(bring, NULL);
  touch_stack();
  uint8_t *heap = malloc(HEAP_BYTES);
  if (heap != NULL)
    for (size_t i = 0; i < HEAP_BYTES; i += PAGE) *(volatile uint8_t *)(heap + i) = 0;
  free(heap);
  library_rehearse();
}

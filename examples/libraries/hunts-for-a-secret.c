/* Looks through all of its memory for a secret. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 65536 };

static uint8_t kept[64];
static size_t bytes_searched;

static int search(const uint8_t *start, size_t bytes, const uint8_t *masked, size_t length) {
  int found = 0;
  bytes_searched += bytes;
  for (const uint8_t *at = start; at + length <= start + bytes; at++) {
    size_t same = 0;
    while (same < length && (at[same] ^ masked[same]) == 0xff) same++;
    found += same == length;
  }
  return found;
}

/* The stretches of a mapping that were ever written or read; to read the others would use up memory. */
static int search_mapping(uint8_t *start, const uint8_t *end, const uint8_t *masked, size_t length) {
  static unsigned char resident[PAGES];
  int found = 0;
  while (start < end) {
    size_t pages = (size_t)(end - start) / PAGE;
    if (pages > PAGES) pages = PAGES;
    if (mincore(start, pages * PAGE, resident) != 0) return found;
    for (size_t first = 0, last; first < pages; first = last + 1) {
      for (last = first; last < pages && (resident[last] & 1); last++) {}
      found += search(start + first * PAGE, (last - first) * PAGE, masked, length);
    }
    start += pages * PAGE;
  }
  return found;
}

/* Where the list of mappings is out of reach: from known addresses in both directions as far as there is memory. */
static int search_around(const void *known, const uint8_t *masked, size_t length) {
  unsigned char resident;
  uint8_t *start = (uint8_t *)((uintptr_t)known & ~(uintptr_t)(PAGE - 1)), *end = start;
  while (mincore(start - PAGE, PAGE, &resident) == 0) start -= PAGE;
  while (mincore(end, PAGE, &resident) == 0) end += PAGE;
  return search_mapping(start, end, masked, length);
}

static int hunt_blindly(const uint8_t *masked, size_t length) {
  char here;
  const void *known[] = {&here, kept, sbrk(0) - 1, masked, (const void *)&mincore, stdout};
  int found = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) found += search_around(known[i], masked, length);
  return found;
}

/* masked is the secret with each bit inverted. Returns how often the secret was found. */
int hunt(const uint8_t *masked, size_t length) {
  FILE *maps = fopen("/proc/self/maps", "re");
  char line[512], mode[8];
  uintptr_t start, end;
  int found = 0;
  bytes_searched = 0;
  if (!maps) return hunt_blindly(masked, length);
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) != 3 || mode[0] != 'r' || strstr(line, "[v")) continue;
    found += search_mapping((uint8_t *)start, (uint8_t *)end, masked, length);
  }
  fclose(maps);
  return found;
}

size_t searched(void) {
  return bytes_searched;
}

void keep(const uint8_t *bytes, size_t length) {
  memcpy(kept, bytes, length < sizeof kept ? length : sizeof kept);
}

/* Writes beyond its block, over what the allocator keeps there, and returns as if nothing had happened. */
#include <stdlib.h>

#include "deed.h"

/* Too large for a block that was freed, so that what follows is the rest of the heap. */
enum { BYTES = 100 << 10, BEYOND = 16 };

static volatile char *block;

long deed(const char *question) {
  (void)question;
  block = malloc(BYTES);
  if (block == NULL) return 0;
  for (size_t i = 0; i < BYTES + BEYOND; i++) block[i] = (char)0xff;
  return 1;
}

/* Can the program still allocate? Often enough to come by what was overwritten. */
#include <stdlib.h>

#include "laboratory.h"

enum { BLOCKS = 64, BYTES = 100 << 10 };

static void look(pid_t pid) {
  static void *blocks[BLOCKS];
  int got = 0;
  (void)pid;
  for (int i = 0; i < BLOCKS; i++) got += (blocks[i] = malloc(BYTES)) != NULL;
  for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
  report("after", "allocates", "%s", got == BLOCKS ? "yes" : "no");
}

const struct witness heap_witness = {"heap", NULL, look};

/* Can the program still allocate? */
#include <stdlib.h>

#include "laboratory.h"

#define BYTES (100 << 10)

static void look(pid_t pid) {
  (void)pid;
  void *volatile block = malloc(BYTES);
  report("after", "allocates", "%s", block != NULL ? "yes" : "no");
  free(block);
}

const struct witness heap_witness = {"heap", NULL, look};

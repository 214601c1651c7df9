/* Six bytes of the program. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "laboratory.h"

static char *bytes;

static void prepare(char question[QUESTION_BYTES]) {
  bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) abort();
  snprintf(bytes, 4096, "intact");
  snprintf(question, QUESTION_BYTES, "%lx", (unsigned long)(uintptr_t)bytes);
  report("before", "bytes", "%s", bytes);
}

static void look(pid_t pid) {
  (void)pid;
  report("after", "bytes", "%s", bytes[0] == '\0' ? "zeros" : bytes);
}

const struct witness overwrite_witness = {"overwrite", prepare, look};

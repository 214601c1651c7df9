/* A variable of the program's environment. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "laboratory.h"

#define NAME "FAT_THREADS_LABORATORY"

static void prepare(char question[QUESTION_BYTES]) {
  setenv(NAME, "the program's", 1);
  snprintf(question, QUESTION_BYTES, NAME);
  report("before", "variable", "%s", getenv(NAME));
}

static void look(pid_t pid) {
  (void)pid;
  const char *value = getenv(NAME);
  report("after", "variable", "%s", value != NULL ? value : "gone");
}

const struct witness environ_witness = {"environ", prepare, look};

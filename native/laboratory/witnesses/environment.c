/* A variable that the program was started with. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "laboratory.h"

#define NAME "FAT_THREADS_SECRET"

static void prepare(char question[QUESTION_BYTES]) {
  snprintf(question, QUESTION_BYTES, NAME);
  report("before", "secret", "%s", getenv(NAME) != NULL ? "there" : "missing");
}

const struct witness environment_witness = {"environment", prepare, NULL};

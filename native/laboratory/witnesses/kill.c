/* Its number is all that a library needs to kill the program. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "laboratory.h"

static void prepare(char question[QUESTION_BYTES]) {
  snprintf(question, QUESTION_BYTES, "%d", getpid());
}

const struct witness kill_witness = {"kill", prepare, NULL};

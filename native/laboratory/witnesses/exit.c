/* Has what the program does at its end been done, though it goes on? */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "laboratory.h"

/* Shared with copies of the program. */
static int *done;

static void clean_up(void) { ++*done; }

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  done = mmap(NULL, sizeof *done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (done == MAP_FAILED || atexit(clean_up) != 0) abort();
  report("before", "cleaned", "%d", *done);
}

static void look(pid_t pid) {
  (void)pid;
  report("after", "cleaned", "%d", *done);
}

const struct witness exit_witness = {"exit", prepare, look};

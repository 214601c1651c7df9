/* What new files of the program may not be. */
#define _GNU_SOURCE
#include <sys/stat.h>

#include "laboratory.h"

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  umask(022);
  report("before", "umask", "022");
}

static void look(pid_t pid) {
  (void)pid;
  mode_t mask = umask(022);
  report("after", "umask", "%03o", (unsigned)mask);
}

const struct witness umask_witness = {"umask", prepare, look};

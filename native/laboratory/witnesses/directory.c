/* Is the program still where it was? Its folder's name differs from run to run, so only that is told. */
#define _GNU_SOURCE
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "laboratory.h"

static char folder[PATH_MAX];

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  if (getcwd(folder, sizeof folder) == NULL) folder[0] = '\0';
  report("before", "directory", "%s", folder[1] == '\0' ? "/" : "its own");
}

static void look(pid_t pid) {
  (void)pid;
  char now[PATH_MAX] = "";
  if (getcwd(now, sizeof now) == NULL) now[0] = '\0';
  report("after", "directory", "%s", strcmp(now, folder) == 0 ? "its own" : now);
}

const struct witness directory_witness = {"directory", prepare, look};

/* Runs a program. */
#define _GNU_SOURCE
#include <spawn.h>
#include <sys/wait.h>

#include "deed.h"

enum { STATUS = 42 };

long deed(const char *question) {
  (void)question;
  pid_t pid;
  int status;
  char *words[] = {"sh", "-c", "exit 42", NULL}, *none[] = {NULL};
  if (posix_spawn(&pid, "/bin/sh", NULL, NULL, words, none) != 0) return 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == STATUS;
}

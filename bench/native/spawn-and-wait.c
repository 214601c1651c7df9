/* The price of a process that does nothing: posix_spawn and waitpid.
 *   spawn-and-wait TIMES PROGRAM
 * Prints nanoseconds, one line a process. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "clock.h"

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int times = atoi(arguments[1]);
  char *program[] = {arguments[2], NULL};
  char *environment[] = {NULL};
  for (int i = 0; i < times; i++) {
    pid_t pid;
    int status;
    double begin = now();
    if (posix_spawn(&pid, arguments[2], NULL, NULL, program, environment) != 0) return 1;
    if (waitpid(pid, &status, 0) != pid || status != 0) return 1;
    printf("%.0f\n", now() - begin);
  }
  return 0;
}

/* fork and exec of a file: the usual way. What the program left open, the child has. */
#define _GNU_SOURCE
#include <unistd.h>

#include "laboratory.h"

static bool start(struct session *session) {
  const char *runner = beside("runner");
  if (!open_pipes(session)) return false;
  pid_t pid = fork();
  if (pid == 0) {
    keep_ends_of_child(session);
    _exit(execute_runner(session, runner, -1));
  }
  return await_load(session, pid);
}

const struct strategy exec_strategy = {"exec", start, call_in_child, stop_child};

/* clone with CLONE_VM and CLONE_FILES: a process of its own in the program's memory, with its descriptors. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>

#include "laboratory.h"

static int body(void *argument) {
  const struct session *session = argument;
  keep_ends_of_child(session);
  return serve(session->library, RTLD_NOW, session->child_from, session->child_to);
}

static bool start(struct session *session) {
  session->shares_descriptors = true;
  return start_by_clone(session, CLONE_VM | CLONE_FILES, body);
}

const struct strategy clone_shared_strategy = {"clone-shared", start, call_in_child, stop_child};

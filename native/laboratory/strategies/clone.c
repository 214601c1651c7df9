/* clone on a stack from mmap, and RTLD_DEEPBIND within, as the article has it. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "laboratory.h"

static int body(void *argument) {
  const struct session *session = argument;
  keep_ends_of_child(session);
  return serve(session->library, RTLD_NOW | RTLD_DEEPBIND, session->child_from, session->child_to);
}

static bool start(struct session *session) { return start_by_clone(session, 0, body); }

const struct strategy clone_strategy = {"clone", start, call_in_child, stop_child};

/* dlopen: the library becomes a part of the program. */
#include <dlfcn.h>

#include "laboratory.h"

static bool start(struct session *session) {
  return bind_in_process(session, dlopen(session->library, RTLD_NOW));
}

const struct strategy dlopen_strategy = {"dlopen", start, call_in_process, stop_in_process};

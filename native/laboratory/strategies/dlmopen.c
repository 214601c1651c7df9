/* dlmopen: the library has a list of objects of its own, with a C library of its own. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "laboratory.h"

static bool start(struct session *session) {
  return bind_in_process(session, dlmopen(LM_ID_NEWLM, session->library, RTLD_NOW));
}

const struct strategy dlmopen_strategy = {"dlmopen", start, call_in_process, stop_in_process};

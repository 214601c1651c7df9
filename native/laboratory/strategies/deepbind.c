/* dlopen with RTLD_DEEPBIND: the library looks for names in itself and what it needs first, then in the program. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "laboratory.h"

static bool start(struct session *session) {
  return bind_in_process(session, dlopen(session->library, RTLD_NOW | RTLD_DEEPBIND));
}

const struct strategy deepbind_strategy = {"deepbind", start, call_in_process, stop_in_process};

/* The article's last way: the binary is an executable shared object, loaded lazily by dlmopen within a clone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "laboratory.h"

typedef int serve_function(const char *library, int mode, int from, int to);

static int body(void *argument) {
  const struct session *session = argument;
  keep_ends_of_child(session);
  void *object = dlmopen(LM_ID_NEWLM, beside("object.so"), RTLD_LAZY);
  serve_function *serve_within = NULL;
  if (object != NULL) *(void **)&serve_within = dlsym(object, "serve_within");
  if (serve_within != NULL)
    return serve_within(session->library, RTLD_NOW, session->child_from, session->child_to);
  struct message message = {.kind = REFUSED};
  const char *reason = dlerror();
  snprintf(message.reason, sizeof message.reason, "%s", reason != NULL ? reason : "no reason");
  return write(session->child_to, &message, sizeof message) < 0;
}

static bool start(struct session *session) { return start_by_clone(session, 0, body); }

const struct strategy executable_object_strategy = {"executable-object", start, call_in_child,
                                                    stop_child};

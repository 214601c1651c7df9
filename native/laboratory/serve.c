/* A child's part: load, answer, unload. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"

static bool send(int to, enum message_kind kind, long value, const char *reason) {
  struct message message = {.kind = kind, .value = value};
  if (reason != NULL) snprintf(message.reason, sizeof message.reason, "%s", reason);
  return write(to, &message, sizeof message) == (ssize_t)sizeof message;
}

int serve(const char *library, int mode, int from, int to) {
  void *handle = dlopen(library, mode);
  deed_function *deed = NULL;
  if (handle != NULL) *(void **)&deed = dlsym(handle, FUNCTION);
  if (deed == NULL) return send(to, REFUSED, 0, dlerror()) ? 0 : 1;
  if (!send(to, LOADED, 0, NULL)) return 1;
  struct request request;
  while (read(from, &request, sizeof request) == (ssize_t)sizeof request && !request.stop)
    if (!send(to, ANSWERED, deed(request.question), NULL)) return 1;
  /* What the library printed is not lost. */
  fflush(stdout);
  dlclose(handle);
  return 0;
}

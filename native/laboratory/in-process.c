/* What strategies within the program have in common. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "laboratory.h"

bool bind_in_process(struct session *session, void *handle) {
  session->pid = getpid();
  session->handle = handle;
  if (handle != NULL) *(void **)&session->deed = dlsym(handle, FUNCTION);
  if (session->deed != NULL) return true;
  const char *reason = dlerror();
  snprintf(session->reason, sizeof session->reason, "%s", reason != NULL ? reason : "no reason");
  return false;
}

bool call_in_process(struct session *session, const char *question, long *answer) {
  *answer = session->deed(question);
  return true;
}

bool stop_in_process(struct session *session) {
  if (session->handle != NULL) dlclose(session->handle);
  session->handle = NULL;
  return true;
}

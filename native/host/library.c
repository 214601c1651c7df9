/* The loader: the only place that opens objects and looks up symbols. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host.h"

/* The loader knows an object by the name it was opened with, so no descriptor's number may come twice. */
#define FIRST_DESCRIPTOR 16

/* Several lanes may load, and look up meanwhile. A constructor may call back, and the program load one more. */
static pthread_mutex_t loading = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t keeping = PTHREAD_MUTEX_INITIALIZER;

static void **libraries;
static uint32_t library_count;
static int next_descriptor = FIRST_DESCRIPTOR;

static uint32_t say(char *why, const char *text) {
  snprintf(why, FT_TEXT_BYTES, "%s", text != NULL ? text : "the loader gave no reason");
  return FT_STATUS_LOAD_FAILED;
}

static uint32_t keep_locked(uint32_t library, void *handle) {
  if (library >= library_count) {
    void **grown = realloc(libraries, (library + 1) * sizeof *grown);
    if (grown == NULL) return FT_STATUS_NO_MEMORY;
    memset(grown + library_count, 0, (library + 1 - library_count) * sizeof *grown);
    libraries = grown;
    library_count = library + 1;
  }
  libraries[library] = handle;
  return FT_STATUS_OK;
}

static uint32_t keep(uint32_t library, void *handle) {
  pthread_mutex_lock(&keeping);
  uint32_t status = keep_locked(library, handle);
  pthread_mutex_unlock(&keeping);
  return status;
}

static void *handle_of(uint32_t library) {
  pthread_mutex_lock(&keeping);
  void *handle = library < library_count ? libraries[library] : NULL;
  pthread_mutex_unlock(&keeping);
  return handle;
}

/* Opens the sealed copy behind a descriptor, and closes every way to it but the mapping. */
static void *open_descriptor(int descriptor, int mode) {
  int unique = fcntl(descriptor, F_DUPFD_CLOEXEC, next_descriptor);
  int error = errno;
  close(descriptor);
  if (unique < 0) {
    errno = error;
    return NULL;
  }
  next_descriptor = unique + 1;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", unique);
  void *handle = dlopen(path, mode);
  close(unique);
  return handle;
}

static void *open_object(const struct object *object, int descriptor) {
  int mode = (object->flags & FT_OBJECT_LAZY) ? RTLD_LAZY : RTLD_NOW;
  mode |= (object->flags & FT_OBJECT_GLOBAL) ? RTLD_GLOBAL : RTLD_LOCAL;
  if (object->flags & FT_OBJECT_DEEP) mode |= RTLD_DEEPBIND;
  if (object->flags & FT_OBJECT_BY_NAME) return dlopen((const char *)(uintptr_t)object->name, mode);
  return open_descriptor(descriptor, mode);
}

static uint32_t load(
    uint32_t count, struct object *objects, uint32_t sent, const int *descriptors, void **last, char *why,
    uint64_t *failed) {
  void *handle = NULL;
  uint32_t used = 0;
  uint32_t status = FT_STATUS_OK;
  for (uint32_t i = 0; i < count && status == FT_STATUS_OK; i++) {
    bool named = objects[i].flags & FT_OBJECT_BY_NAME;
    handle = open_object(&objects[i], named ? -1 : descriptors[used++]);
    if (handle == NULL) {
      *failed = i;
      status = say(why, dlerror());
      break;
    }
    struct link_map *map;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) continue;
    objects[i].flags = map->l_addr;
  }
  while (used < sent) close(descriptors[used++]);
  *last = handle;
  return status;
}

uint32_t library_load(uint32_t library, uint32_t count, struct object *objects, char *why, uint64_t *failed) {
  int descriptors[FT_OBJECTS];
  uint32_t sent = 0;
  void *handle = NULL;
  if (count == 0 || count > FT_OBJECTS) return say(why, "a library has 1 to 250 objects");
  for (uint32_t i = 0; i < count; i++) sent += !(objects[i].flags & FT_OBJECT_BY_NAME);
  if (sent > 0 && channel_objects(library, sent, descriptors) != 0) return FT_STATUS_CUT_OFF;
  pthread_mutex_lock(&loading);
  uint32_t status = load(count, objects, sent, descriptors, &handle, why, failed);
  pthread_mutex_unlock(&loading);
  return status == FT_STATUS_OK ? keep(library, handle) : status;
}

void *library_symbol(uint32_t library, const char *name) {
  /* A handle of NULL would mean the whole process. */
  void *handle = handle_of(library);
  if (handle == NULL) return NULL;
  void *found = dlsym(handle, name);
  /* Objects without a name of their own are not below the handle, but visible to all. */
  return found != NULL ? found : dlsym(RTLD_DEFAULT, name);
}

void library_rehearse(void) {
  pthread_mutex_lock(&loading);
  void *held = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  if (held == NULL) {
    dlerror();
  } else {
    dlsym(held, "abs");
    dlclose(held);
  }
  pthread_mutex_unlock(&loading);
}

/* Where the laboratory's other files are. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "laboratory.h"

const char *beside(const char *name) {
  static char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0) return name;
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  if (slash == NULL) return name;
  snprintf(slash + 1, sizeof path - (size_t)(slash + 1 - path), "%s", name);
  return path;
}

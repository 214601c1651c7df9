/* Reads a variable of the program. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deed.h"

/* What the process was executed with, which a later change of the environment does not change. */
static int was_given(const char *name) {
  static char text[65536];
  FILE *file = fopen("/proc/self/environ", "re");
  if (file == NULL) return 0;
  size_t bytes = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return memmem(text, bytes, name, strlen(name)) != NULL;
}

/* question: its name. */
long deed(const char *question) { return getenv(question) != NULL || was_given(question); }

/* Reads a file of the user. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "deed.h"

/* question: its path. */
long deed(const char *question) {
  char text[64] = "";
  FILE *file = fopen(question, "re");
  if (file == NULL) return 0;
  size_t bytes = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return bytes > 0;
}

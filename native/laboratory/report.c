/* Facts for whoever watches. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "laboratory.h"

void report(const char *kind, const char *name, const char *format, ...) {
  char line[1024];
  int length = snprintf(line, sizeof line, "%s\t%s\t", kind, name);
  va_list values;
  va_start(values, format);
  length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, values);
  va_end(values);
  if (length > (int)sizeof line - 2) length = (int)sizeof line - 2;
  for (int i = 0; i < length; i++)
    if (line[i] == '\n') line[i] = ' ';
  line[length] = '\n';
  if (write(REPORT_DESCRIPTOR, line, (size_t)length + 1) < 0) _exit(1);
}

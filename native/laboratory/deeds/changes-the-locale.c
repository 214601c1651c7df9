/* Sets the locale: the one that the C library has built in, or "C" where that is set. */
#include <locale.h>
#include <string.h>

#include "deed.h"

long deed(const char *question) {
  (void)question;
  const char *other = strcmp(setlocale(LC_ALL, NULL), "C") == 0 ? "C.UTF-8" : "C";
  return setlocale(LC_ALL, other) != NULL;
}

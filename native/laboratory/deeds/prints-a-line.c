/* Prints through the C library, which keeps what goes to a pipe until there is more of it, or the program ends. */
#include <stdio.h>

#include "deed.h"

long deed(const char *question) {
  (void)question;
  return puts("a line of the library") >= 0;
}

/* Writes to an address of the program. */
#include <stdlib.h>
#include <string.h>

#include "deed.h"

/* question: the address, in hexadecimal. */
long deed(const char *question) {
  memset((void *)strtoul(question, NULL, 16), 0, 6);
  return 1;
}

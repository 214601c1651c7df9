/* Changes the working directory. */
#define _GNU_SOURCE
#include <unistd.h>

#include "deed.h"

long deed(const char *question) {
  (void)question;
  return chdir("/") == 0;
}

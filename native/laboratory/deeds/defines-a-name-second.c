/* Defines a name that the program and another library define too, and calls its own. */
#include "deed.h"

EXPORTED unsigned uv_version(void);

unsigned uv_version(void) { return 2; }

long deed(const char *question) {
  (void)question;
  return uv_version();
}

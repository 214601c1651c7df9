/* Ends the process, as if all were well. */
#include <stdlib.h>

#include "deed.h"

long deed(const char *question) {
  (void)question;
  exit(0);
}

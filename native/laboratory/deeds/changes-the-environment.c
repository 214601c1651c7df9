/* Sets an environment variable. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "deed.h"

/* question: its name. */
long deed(const char *question) { return setenv(question, "changed", 1) == 0; }

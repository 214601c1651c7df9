/* Closes a descriptor that is not its own. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "deed.h"

/* question: its number. */
long deed(const char *question) { return close(atoi(question)) == 0; }

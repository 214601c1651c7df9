/* Kills the program. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>

#include "deed.h"

/* question: its process number. */
long deed(const char *question) { return kill(atoi(question), SIGKILL) == 0; }

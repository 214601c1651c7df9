/* Handles a signal that the program handles. */
#include <signal.h>

#include "deed.h"

long deed(const char *question) {
  (void)question;
  return signal(SIGUSR1, SIG_IGN) != SIG_ERR;
}

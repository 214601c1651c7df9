/* Sets the mode in which the processor rounds. */
#include <fenv.h>

#include "deed.h"

long deed(const char *question) {
  (void)question;
  return fesetround(FE_UPWARD) == 0;
}

/* Never returns. */
#include "deed.h"

long deed(const char *question) {
  for (volatile unsigned turns = 0;; turns++)
    if (question == 0) return turns;
}

/* Does no harm. */
#include "deed.h"

long deed(const char *question) {
  (void)question;
  return 42;
}

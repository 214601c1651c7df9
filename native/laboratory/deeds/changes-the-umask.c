/* Lets new files be written by everybody. */
#define _GNU_SOURCE
#include <sys/stat.h>

#include "deed.h"

long deed(const char *question) {
  (void)question;
  umask(0);
  return 1;
}

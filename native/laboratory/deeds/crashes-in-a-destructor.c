/* Crashes when it is unloaded. */
#include "deed.h"

__attribute__((destructor)) static void crash(void) { __builtin_trap(); }

long deed(const char *question) {
  (void)question;
  return 1;
}

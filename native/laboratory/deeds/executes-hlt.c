/* Executes an instruction that only the kernel may. */
#include "deed.h"

long deed(const char *question) {
  (void)question;
#if defined(__x86_64__)
  __asm__ volatile("hlt");
#else
  __builtin_trap();
#endif
  return 1;
}

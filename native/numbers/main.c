/* Prints the numbers that a filter is made of, as this machine's headers have them: they differ by processor. */
#include <linux/audit.h>
#include <stdio.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

static const struct {
  const char *name;
  long number;
} calls[] = {
#include "calls.inc" /* one line for each name of sys/syscall.h, written by the build */
};

int main(void) {
  printf("{\n  \"architecture\": %u,\n  \"calls\": {", ARCHITECTURE);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    printf("%s\n    \"%s\": %ld", i == 0 ? "" : ",", calls[i].name, calls[i].number);
  return puts("\n  }\n}") < 0;
}

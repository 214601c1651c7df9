/* Takes most of a second to load, and says when it has begun. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>

#include "deed.h"

/* LOADS_SLOWLY holds the address of a flag in this process. */
__attribute__((constructor)) static void load(void) {
  const struct timespec pause = {.tv_nsec = 800000000};
  const char *flag = getenv("LOADS_SLOWLY");
  if (flag == NULL) return;
  *(volatile int *)strtoul(flag, NULL, 16) = 1;
  nanosleep(&pause, NULL);
}

long deed(const char *question) {
  (void)question;
  return 1;
}

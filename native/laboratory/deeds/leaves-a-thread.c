/* Starts a thread that goes on when the library is gone. */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#include "deed.h"

static volatile unsigned beats;

static void *beat(void *unused) {
  const struct timespec pause = {.tv_nsec = 100000};
  for (;; beats++) nanosleep(&pause, NULL);
  return unused;
}

long deed(const char *question) {
  (void)question;
  pthread_t thread;
  const struct timespec pause = {.tv_nsec = 1000000};
  if (pthread_create(&thread, NULL, beat, NULL) != 0) return 0;
  while (beats == 0) nanosleep(&pause, NULL);
  return 1;
}

/* Works as a codec does, or waits as for a device. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int work(int milliseconds) {
  double end = now() + milliseconds;
  while (now() < end) continue;
  return milliseconds;
}

/* The same work wherever it runs and whoever runs beside it, unlike a time. */
int compute(int rounds) {
  volatile unsigned x = 1;
  for (int i = 0; i < rounds; i++) x = x * 1664525u + 1013904223u;
  return (int)x;
}

int wait_milliseconds(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000,
                          .tv_nsec = milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
  return milliseconds;
}

/* Works for so many milliseconds, as a codec does. */
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

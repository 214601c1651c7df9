/* Its thread runs code that an unload would take away. */
#include <pthread.h>
#include <unistd.h>

static volatile int count;

static void *run(void *unused) {
  for (;; usleep(1000)) count++;
  return unused;
}

int start(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, run, NULL);
}

int beats(void) {
  for (int wait = 0; wait < 1000 && count == 0; wait++) usleep(1000);
  return count;
}

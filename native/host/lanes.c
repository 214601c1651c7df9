/* Threads that serve a lane each; the one that the process began with serves the first lane. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host.h"

static struct ring rings[FT_LANES] FT_LARGE;
/* Nobody serves before the process says that it does. */
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

/* Who waits for an answer on its lane would wait for ever. */
static void end_with_thread(void *nothing) {
  (void)nothing;
  exit(0);
}

static void serve(struct ring *ring, bool alone) {
  pthread_cleanup_push(end_with_thread, NULL);
  if (alone) message_serve(ring);
  else message_serve_beside(ring);
  pthread_cleanup_pop(0);
}

static void *begin(void *lane) {
  struct ring *ring = lane;
  if (crash_watch_lane(ring->strand) != 0) exit(1);
  callback_open(ring);
  pthread_mutex_lock(&starting);
  pthread_mutex_unlock(&starting);
  serve(ring, false);
  return NULL;
}

int lanes_start(uint8_t *channel, struct ft_start *start) {
  if (start->lanes == 0 || start->lanes > FT_LANES) return EINVAL;
  for (uint32_t lane = 0; lane < start->lanes; lane++) {
    uint8_t *place = channel + FT_OFFSET_LANES + (size_t)lane * FT_LANE_BYTES;
    ring_open(&rings[lane], place, lane < start->awake ? start->spin : 0);
    rings[lane].strand = lane;
  }
  callback_open(&rings[0]);
  pthread_mutex_lock(&starting);
  for (uint32_t lane = 1; lane < start->lanes; lane++) {
    /* As many bytes of stack as the first one has: the limit of the process is what the C library goes by. */
    pthread_t thread;
    int error = pthread_create(&thread, NULL, begin, &rings[lane]);
    if (error != 0) return error;
    pthread_detach(thread);
  }
  return 0;
}

_Noreturn void lanes_serve_first(struct ft_start *start) {
  pthread_mutex_unlock(&starting);
  if (ring_quiet(&rings[0])) warm_process();
  /* Alone, it may leave threads of the library behind, which would keep a process that serves nobody. */
  serve(&rings[0], start->lanes == 1);
  abort();
}

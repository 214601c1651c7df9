/* The physical limit of a call between two processes: one cache line there, one back.
 *   ping-pong CPU CPU BATCHES TRIPS
 * Prints nanoseconds for one round trip, one line a batch. */
#define _GNU_SOURCE
#include <sched.h>

#include "game.h"

static int processors[2];

static void run_on_own(int player) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processors[player], &set);
  if (sched_setaffinity(0, sizeof set, &set) == 0) return;
  perror("sched_setaffinity");
  _exit(1);
}

static void wait_for(struct line *line, uint32_t sequence) {
  while (__atomic_load_n(&line->sequence, __ATOMIC_ACQUIRE) != sequence) {
  }
}

static void say(struct line *line, uint32_t sequence) {
  __atomic_store_n(&line->sequence, sequence, __ATOMIC_RELEASE);
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  for (int player = 0; player < 2; player++) processors[player] = atoi(arguments[1 + player]);
  struct game game = {
      .batches = (uint32_t)atoi(arguments[3]),
      .trips = (uint32_t)atoi(arguments[4]),
      .wait_for = wait_for,
      .say = say,
      .take_place = run_on_own,
  };
  return play(&game);
}

/* The price of two hand-overs between two processes that sleep while they wait, wherever they run.
 *   futex-ping-pong BATCHES TRIPS
 * Prints nanoseconds for one round trip, one line a batch. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sys/syscall.h>

#include "game.h"

static void anywhere(int player) { (void)player; }

static void wait_for(struct line *line, uint32_t sequence) {
  uint32_t found;
  while ((found = __atomic_load_n(&line->sequence, __ATOMIC_ACQUIRE)) != sequence)
    syscall(SYS_futex, &line->sequence, FUTEX_WAIT, found, NULL, NULL, 0);
}

static void say(struct line *line, uint32_t sequence) {
  __atomic_store_n(&line->sequence, sequence, __ATOMIC_RELEASE);
  syscall(SYS_futex, &line->sequence, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  struct game game = {
      .batches = (uint32_t)atoi(arguments[1]),
      .trips = (uint32_t)atoi(arguments[2]),
      .wait_for = wait_for,
      .say = say,
      .take_place = anywhere,
  };
  return play(&game);
}

/* Two processes that hand a number to each other, through shared memory. */
#ifndef GAME_H
#define GAME_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

struct line {
  _Alignas(128) uint32_t sequence;
};

struct game {
  uint32_t batches;
  uint32_t trips;
  void (*wait_for)(struct line *line, uint32_t sequence);
  void (*say)(struct line *line, uint32_t sequence);
  /* Before a player begins: the first one is the parent. */
  void (*take_place)(int player);
};

struct channel {
  struct line ping;
  struct line pong;
};

static inline _Noreturn void answer(const struct game *game, struct channel *channel, pid_t parent) {
  /* Never left alone in its loop. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  game->take_place(1);
  for (uint32_t i = 1; i <= (game->batches + 1) * game->trips; i++) {
    game->wait_for(&channel->ping, i);
    game->say(&channel->pong, i);
  }
  _exit(0);
}

/* Prints nanoseconds for one round trip, one line a batch. Returns a status of exit. */
static inline int play(const struct game *game) {
  struct channel *channel =
      mmap(NULL, sizeof *channel, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (channel == MAP_FAILED) return 1;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) answer(game, channel, parent);
  game->take_place(0);
  uint32_t sequence = 0;
  for (uint32_t batch = 0; batch <= game->batches; batch++) {
    double begin = now();
    for (uint32_t i = 0; i < game->trips; i++) {
      game->say(&channel->ping, ++sequence);
      game->wait_for(&channel->pong, sequence);
    }
    /* The first batch also waits for the other process to begin. */
    if (batch > 0) printf("%.2f\n", (now() - begin) / game->trips);
  }
  waitpid(child, NULL, 0);
  return 0;
}

#endif

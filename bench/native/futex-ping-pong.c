/* The price of two hand-overs between two processes that sleep while they wait, wherever they run.
 *   futex-ping-pong BATCHES TRIPS
 * Prints nanoseconds for one round trip, one line a batch. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct line {
  _Alignas(128) uint32_t sequence;
};

struct channel {
  struct line ping;
  struct line pong;
};

static void wait_for(struct line *line, uint32_t sequence) {
  uint32_t found;
  while ((found = __atomic_load_n(&line->sequence, __ATOMIC_ACQUIRE)) != sequence)
    syscall(SYS_futex, &line->sequence, FUTEX_WAIT, found, NULL, NULL, 0);
}

static void say(struct line *line, uint32_t sequence) {
  __atomic_store_n(&line->sequence, sequence, __ATOMIC_RELEASE);
  syscall(SYS_futex, &line->sequence, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  uint32_t batches = (uint32_t)atoi(arguments[1]);
  uint32_t trips = (uint32_t)atoi(arguments[2]);
  struct channel *channel =
      mmap(NULL, sizeof *channel, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (channel == MAP_FAILED) return 1;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    for (uint32_t i = 1; i <= (batches + 1) * trips; i++) {
      wait_for(&channel->ping, i);
      say(&channel->pong, i);
    }
    _exit(0);
  }
  uint32_t sequence = 0;
  for (uint32_t batch = 0; batch <= batches; batch++) {
    double begin = now();
    for (uint32_t i = 0; i < trips; i++) {
      say(&channel->ping, ++sequence);
      wait_for(&channel->pong, sequence);
    }
    /* The first batch also waits for the other process to begin. */
    if (batch > 0) printf("%.2f\n", (now() - begin) / trips);
  }
  waitpid(child, NULL, 0);
  return 0;
}

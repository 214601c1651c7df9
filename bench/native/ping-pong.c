/* The physical limit of a call between two processes: one cache line there, one back.
 *   ping-pong CPU CPU BATCHES TRIPS
 * Prints nanoseconds for one round trip, one line a batch. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

static void run_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    perror("sched_setaffinity");
    _exit(1);
  }
}

static void wait_for(const struct line *line, uint32_t sequence) {
  while (__atomic_load_n(&line->sequence, __ATOMIC_ACQUIRE) != sequence) {
  }
}

static void say(struct line *line, uint32_t sequence) {
  __atomic_store_n(&line->sequence, sequence, __ATOMIC_RELEASE);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  int first = atoi(arguments[1]);
  int second = atoi(arguments[2]);
  uint32_t batches = (uint32_t)atoi(arguments[3]);
  uint32_t trips = (uint32_t)atoi(arguments[4]);
  struct channel *channel =
      mmap(NULL, sizeof *channel, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (channel == MAP_FAILED) return 1;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    /* Never left alone in its loop. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    run_on(second);
    for (uint32_t i = 1; i <= (batches + 1) * trips; i++) {
      wait_for(&channel->ping, i);
      say(&channel->pong, i);
    }
    _exit(0);
  }
  run_on(first);
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

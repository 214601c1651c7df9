/* What a strategy costs: from nothing to the first answer, one more call, and the memory that it takes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "laboratory.h"

#define MOST_ROUNDS 64

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Proportional set size, in KiB: shared pages count by the part that falls to the process. */
static long memory_of(pid_t pid) {
  char path[64], line[256];
  long kib = 0;
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Pss: %ld", &kib) != 1) {
  }
  fclose(file);
  return kib;
}

static int by_size(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_size);
  return values[count / 2];
}

static bool measure_round(const struct strategy *strategy, const char *library, int calls,
                          double *start, double *call, double *memory) {
  struct session session = {.library = library, .load_limit = 10000, .limit = 10000};
  long answer = 0, before = memory_of(getpid());
  double begin = now();
  bool good = strategy->start(&session) && strategy->call(&session, "", &answer);
  *start = now() - begin;
  if (good) {
    *memory = (double)(memory_of(getpid()) - before);
    if (session.pid != getpid()) *memory += (double)memory_of(session.pid);
    begin = now();
    for (int i = 0; i < calls && good; i++) good = strategy->call(&session, "", &answer);
    *call = (now() - begin) / calls;
  }
  if (!good) report("refused", "load", "%s", session.reason);
  strategy->stop(&session);
  return good;
}

int run_measure(const struct strategy *strategy, int count, char *const words[]) {
  double starts[MOST_ROUNDS], calls[MOST_ROUNDS], memory[MOST_ROUNDS];
  if (count != 3) return 2;
  int rounds = atoi(words[0]);
  if (rounds < 1 || rounds > MOST_ROUNDS) return 2;
  for (int i = 0; i < rounds; i++)
    if (!measure_round(strategy, words[2], atoi(words[1]), &starts[i], &calls[i], &memory[i]))
      return 0;
  report("cost", "start", "%.0f", median(starts, rounds));
  report("cost", "call", "%.1f", median(calls, rounds));
  report("cost", "memory", "%.0f", median(memory, rounds));
  return 0;
}

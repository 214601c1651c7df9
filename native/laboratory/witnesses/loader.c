/* A thread of the program is about to load a library, while this one goes on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "laboratory.h"

static volatile int begun;

static void *load(void *path) { return dlopen(path, RTLD_NOW); }

static void prepare(char question[QUESTION_BYTES]) {
  const struct timespec pause = {.tv_nsec = 1000000};
  char flag[32];
  pthread_t thread;
  (void)question;
  snprintf(flag, sizeof flag, "%lx", (unsigned long)(uintptr_t)&begun);
  setenv("LOADS_SLOWLY", flag, 1);
  if (pthread_create(&thread, NULL, load, getenv("FAT_THREADS_SLOW_LIBRARY")) != 0) abort();
  for (int turns = 0; !begun && turns < 5000; turns++) nanosleep(&pause, NULL);
  unsetenv("LOADS_SLOWLY");
  report("before", "loading", "%s", begun ? "under way" : "not begun");
}

const struct witness loader_witness = {"loader", prepare, NULL};

/* The laboratory's program: `trial STRATEGY BEHAVIOUR LOAD_LIMIT LIMIT LINGER LIBRARY...` or `measure STRATEGY ROUNDS CALLS LIBRARY`. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "laboratory.h"

/* Of the program's library, so that it is one that the program needs. */
const char *program_data(void);

static const struct strategy *const all[] = {
    &dlopen_strategy,  &deepbind_strategy, &handlers_strategy,          &dlmopen_strategy,
    &fork_strategy,    &clone_strategy,    &clone_shared_strategy,      &exec_strategy,
    &fexecve_strategy, &memfd_strategy,    &executable_object_strategy,
};

static const struct strategy *strategy_of(const char *name) {
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}

int main(int count, char *words[]) {
  const struct strategy *strategy = count > 2 ? strategy_of(words[2]) : NULL;
  /* A child that has ended is noticed, and no reason to end. */
  signal(SIGPIPE, SIG_IGN);
  if (strategy != NULL && program_data()[0] != '\0') {
    if (strcmp(words[1], "trial") == 0) return run_trial(strategy, count - 3, words + 3);
    if (strcmp(words[1], "measure") == 0) return run_measure(strategy, count - 3, words + 3);
  }
  fputs("usage: laboratory trial STRATEGY BEHAVIOUR LOAD_LIMIT LIMIT LINGER LIBRARY...\n"
        "       laboratory measure STRATEGY ROUNDS CALLS LIBRARY\n",
        stderr);
  return 2;
}

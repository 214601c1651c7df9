/* Does the program's own signal handler still run? */
#define _GNU_SOURCE
#include <signal.h>

#include "laboratory.h"

static volatile sig_atomic_t handled;

static void handle(int signal_number) { handled += signal_number == SIGUSR1; }

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  struct sigaction action = {.sa_handler = handle};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  report("before", "handled", "%d", (int)handled);
}

static void look(pid_t pid) {
  (void)pid;
  handled = 0;
  raise(SIGUSR1);
  report("after", "handled", "%d", (int)handled);
}

const struct witness handler_witness = {"handler", prepare, look};

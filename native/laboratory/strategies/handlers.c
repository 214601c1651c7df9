/* dlopen, and a handler for every signal that may mean a crash: it jumps back to before the step. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "laboratory.h"

/* SIGALRM is its time limit. */
static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGALRM};
#define CAUGHT (sizeof caught / sizeof *caught)

static sigjmp_buf before_step;
static pid_t thread_of_step;
static char stack[64 << 10];

static void jump_back(int signal_number) {
  if (gettid() == thread_of_step) siglongjmp(before_step, signal_number);
  /* Another thread has nowhere to go back to: the signal comes again, and ends the program. */
  signal(signal_number, SIG_DFL);
}

static void set_limit(int milliseconds) {
  struct itimerval timer = {.it_value = {milliseconds / 1000, milliseconds % 1000 * 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void handle_signals(void) {
  stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternative, NULL);
  struct sigaction action = {.sa_handler = jump_back, .sa_flags = SA_ONSTACK};
  for (size_t i = 0; i < CAUGHT; i++) sigaction(caught[i], &action, NULL);
}

/* Where the step is left by a jump, the session says so. */
static bool come_back(struct session *session, int signal_number) {
  snprintf(session->reason, sizeof session->reason, "was left by a jump out of SIG%s",
           sigabbrev_np(signal_number));
  thread_of_step = 0;
  set_limit(0);
  return false;
}

static bool start(struct session *session) {
  handle_signals();
  int signal_number = sigsetjmp(before_step, 1);
  if (signal_number != 0) return come_back(session, signal_number);
  set_limit(session->load_limit);
  thread_of_step = gettid();
  bool bound = bind_in_process(session, dlopen(session->library, RTLD_NOW));
  thread_of_step = 0;
  set_limit(0);
  return bound;
}

static bool call(struct session *session, const char *question, long *answer) {
  int signal_number = sigsetjmp(before_step, 1);
  if (signal_number != 0) return come_back(session, signal_number);
  set_limit(session->limit);
  thread_of_step = gettid();
  *answer = session->deed(question);
  thread_of_step = 0;
  set_limit(0);
  return true;
}

static bool stop(struct session *session) {
  int signal_number = sigsetjmp(before_step, 1);
  if (signal_number != 0) return come_back(session, signal_number);
  thread_of_step = gettid();
  stop_in_process(session);
  thread_of_step = 0;
  return true;
}

const struct strategy handlers_strategy = {"handlers", start, call, stop};

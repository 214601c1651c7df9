/*
 * The laboratory: a program that loads libraries that mean harm, by each strategy that a program might choose,
 * and says what became of it. It belongs into a throw-away process.
 */
#ifndef FT_LABORATORY_H
#define FT_LABORATORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "serve.h"

/* Where whoever watches listens. */
#define REPORT_DESCRIPTOR 3

/* ---- report.c: one line a fact, `kind TAB name TAB value` ---- */

__attribute__((format(printf, 3, 4))) void report(const char *kind, const char *name,
                                                  const char *format, ...);

/* ---- strategies/: how a library is loaded and called ---- */

struct session {
  const char *library;
  /* Of the process that runs the function. */
  pid_t pid;
  /* How long the library may take to load, and a call to return, in milliseconds. */
  int load_limit, limit;
  /* Why there is no library, or how the process ended. */
  char reason[REASON_BYTES];
  /* Of strategies within the program. */
  void *handle;
  deed_function *deed;
  /* Of strategies with a child: the program's ends of two pipes, and the child's. */
  int ask, hear, child_from, child_to;
  bool ended, shares_descriptors;
  void *stack;
};

/* Each step gives false when the process that would have answered is no more, or never came to be: see reason. */
struct strategy {
  const char *name;
  bool (*start)(struct session *session);
  bool (*call)(struct session *session, const char *question, long *answer);
  bool (*stop)(struct session *session);
};

extern const struct strategy dlopen_strategy, deepbind_strategy, handlers_strategy,
    dlmopen_strategy, fork_strategy, clone_strategy, clone_shared_strategy, exec_strategy,
    fexecve_strategy, memfd_strategy, executable_object_strategy;

/* ---- in-process.c: within the program ---- */

/* Takes what dlopen or dlmopen gave. */
bool bind_in_process(struct session *session, void *handle);
bool call_in_process(struct session *session, const char *question, long *answer);
bool stop_in_process(struct session *session);

/* ---- child.c: in a child that answers through a pipe ---- */

#define STACK_BYTES (1024 << 10)

bool open_pipes(struct session *session);
/* Within the child: its ends alone, and it dies with the program. */
void keep_ends_of_child(const struct session *session);
/* After the child was made, or was not: pid below 0. */
bool await_load(struct session *session, pid_t pid);
bool call_in_child(struct session *session, const char *question, long *answer);
bool stop_child(struct session *session);
/* A child that serves on a stack of its own, as the article has it. */
bool start_by_clone(struct session *session, int flags, int (*body)(void *session));
/* A child that executes the runner, from a path or, where that is NULL, from a descriptor. */
bool start_by_exec(struct session *session, const char *path, int descriptor);

/* ---- folder.c ---- */

/* The path of a file beside the laboratory. */
const char *beside(const char *name);

/* ---- sha256.c ---- */

/* The digest of all that a descriptor holds, in hexadecimal. False where it can't be read. */
bool sha256_of(int descriptor, char digest[65]);

/* ---- witnesses/: what a program sees of what a library does to it ---- */

struct witness {
  const char *name;
  /* Before the library is loaded. Writes what the library is to be asked. */
  void (*prepare)(char question[QUESTION_BYTES]);
  /* When the library has been asked. */
  void (*look)(pid_t pid);
};

/* The witness of that behaviour; most behaviours have none but the program's own life. */
const struct witness *witness_of(const char *behaviour);

/* ---- trial.c ---- */

/* One strategy and one behaviour: `BEHAVIOUR LOAD_LIMIT LIMIT LINGER LIBRARY...`, times in milliseconds. */
int run_trial(const struct strategy *strategy, int count, char *const words[]);

/* ---- measure.c ---- */

/* What a strategy costs: `ROUNDS CALLS LIBRARY`. */
int run_measure(const struct strategy *strategy, int count, char *const words[]);

#endif

/* Data of the program's thread. */
#include <pthread.h>
#include <stdlib.h>

#include "laboratory.h"

static pthread_key_t key;
static char mine;

static void tell(const char *when) {
  report(when, "data", "%s", pthread_getspecific(key) == &mine ? "its own" : "another's");
}

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  if (pthread_key_create(&key, NULL) != 0 || pthread_setspecific(key, &mine) != 0) abort();
  tell("before");
}

static void look(pid_t pid) {
  (void)pid;
  tell("after");
}

const struct witness thread_data_witness = {"thread-data", prepare, look};

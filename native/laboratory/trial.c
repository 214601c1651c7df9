/* One strategy and one behaviour: prepare, load, ask, look, unload. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "laboratory.h"

#define MOST_SESSIONS 32

static bool ask(const struct strategy *strategy, struct session *session, const char *question) {
  long answer;
  if (!strategy->start(session)) {
    report("refused", "load", "%s", session->reason);
    return false;
  }
  if (strategy->call(session, question, &answer)) {
    report("answer", "deed", "%ld", answer);
    return true;
  }
  report("ended", "call", "%s", session->reason);
  return true;
}

int run_trial(const struct strategy *strategy, int count, char *const words[]) {
  static struct session sessions[MOST_SESSIONS];
  static char question[QUESTION_BYTES];
  if (count < 5 || count - 4 > MOST_SESSIONS) return 2;
  const struct witness *witness = witness_of(words[0]);
  int linger = atoi(words[3]), libraries = count - 4, started = 0;
  if (witness->prepare != NULL) witness->prepare(question);
  report("begun", strategy->name, "%s", words[0]);
  for (int i = 0; i < libraries; i++) {
    sessions[i] = (struct session){
        .library = words[4 + i], .load_limit = atoi(words[1]), .limit = atoi(words[2])};
    started++;
    if (!ask(strategy, &sessions[i], question)) break;
  }
  if (witness->look != NULL) witness->look(sessions[0].pid);
  for (int i = 0; i < started; i++)
    if (!strategy->stop(&sessions[i])) report("ended", "unload", "%s", sessions[i].reason);
  usleep((useconds_t)linger * 1000);
  report("done", strategy->name, "%s", words[0]);
  return 0;
}

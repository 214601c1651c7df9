/* How the program's arithmetic rounds: the last digits of a third. */
#include "laboratory.h"

static volatile double one = 1, three = 3;

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  report("before", "third", "%a", one / three);
}

static void look(pid_t pid) {
  (void)pid;
  report("after", "third", "%a", one / three);
}

const struct witness rounding_witness = {"rounding", prepare, look};

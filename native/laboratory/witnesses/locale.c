/* The program's locale. */
#include <locale.h>

#include "laboratory.h"

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  report("before", "locale", "%s", setlocale(LC_ALL, NULL));
}

static void look(pid_t pid) {
  (void)pid;
  report("after", "locale", "%s", setlocale(LC_ALL, NULL));
}

const struct witness locale_witness = {"locale", prepare, look};

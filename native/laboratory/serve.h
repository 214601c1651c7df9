/* What a child that holds a library shares with the program: the function, and the messages through two pipes. */
#ifndef FT_SERVE_H
#define FT_SERVE_H

#include <stdbool.h>

/* Every library here exports it. */
#define FUNCTION "deed"
typedef long deed_function(const char *question);

#define QUESTION_BYTES 512
#define REASON_BYTES 256

struct request {
  bool stop;
  char question[QUESTION_BYTES];
};

enum message_kind { LOADED, REFUSED, ANSWERED };

struct message {
  enum message_kind kind;
  long value;
  char reason[REASON_BYTES];
};

/* Loads the library with that mode of dlopen and answers until it is told to stop. Returns an exit status. */
int serve(const char *library, int mode, int from, int to);

#endif

/* Ends its process as if all were well. */
#include <stdlib.h>

void deed(void) {
  exit(0);
}

int answer(void) {
  return 42;
}

/* The small program of the strategies that execute one: LIBRARY FROM TO. */
#include <dlfcn.h>
#include <stdlib.h>

#include "serve.h"

int main(int count, char *words[]) {
  if (count != 4) return 2;
  return serve(words[1], RTLD_NOW, atoi(words[2]), atoi(words[3]));
}

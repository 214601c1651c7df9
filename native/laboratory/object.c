/* A shared object that can also be executed: it has an entry point and names the loader that it wants. */
#include <unistd.h>

#include "serve.h"

#if defined(__x86_64__)
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#elif defined(__aarch64__)
#define LOADER "/lib/ld-linux-aarch64.so.1"
#endif

__attribute__((used, section(".interp"))) static const char loader[] = LOADER;

/* Executed, it has nothing to do: what it is for, it is loaded for. */
__attribute__((visibility("default"), noreturn)) void enter(void) { _exit(0); }

__attribute__((visibility("default"))) int serve_within(const char *library, int mode, int from,
                                                        int to) {
  return serve(library, mode, from, to);
}

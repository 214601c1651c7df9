/* Of the build with sanitizers alone: a process behind the filter can't trace itself to look for leaks. */
#include "host.h"

#ifdef FT_SANITIZED
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void) { return "detect_leaks=0"; }
#endif

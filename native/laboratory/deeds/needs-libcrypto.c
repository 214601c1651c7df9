/* Linked against libcrypto.so.3: is the function that it calls the one of that library? */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

#include "deed.h"

unsigned long OpenSSL_version_num(void);

long deed(const char *question) {
  (void)question;
  void *libcrypto = dlopen("libcrypto.so.3", RTLD_LAZY | RTLD_NOLOAD);
  if (libcrypto == NULL) return -1;
  unsigned long (*wanted)(void);
  *(void **)&wanted = dlsym(libcrypto, "OpenSSL_version_num");
  return wanted == OpenSSL_version_num;
}

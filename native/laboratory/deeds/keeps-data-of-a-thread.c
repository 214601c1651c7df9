/* Keeps data of its own for this thread, under keys of its own. */
#include <pthread.h>

#include "deed.h"

enum { KEYS = 32 };

long deed(const char *question) {
  (void)question;
  static char mine;
  long set = 0;
  for (int i = 0; i < KEYS; i++) {
    pthread_key_t key;
    set += pthread_key_create(&key, NULL) == 0 && pthread_setspecific(key, &mine) == 0;
  }
  return set;
}

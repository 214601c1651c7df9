/* Reads the beginning of every descriptor there may be, in search of a secret. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536, LONGEST = 64 };

/* masked is the secret with each bit inverted. */
int scan(const uint8_t *masked, size_t length) {
  static char secret[LONGEST], bytes[65536];
  int found = 0;
  if (length > LONGEST) return -1;
  for (size_t i = 0; i < length; i++) secret[i] = (char)~masked[i];
  for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++) {
    ssize_t got = pread(descriptor, bytes, sizeof bytes, 0);
    found += got > 0 && memmem(bytes, (size_t)got, secret, length) != NULL;
  }
  return found;
}

int opened(void) {
  int count = 0;
  for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++) count += fcntl(descriptor, F_GETFD) >= 0;
  return count;
}

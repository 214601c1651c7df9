/* What every fuzz target needs: input that is taken piece by piece, a fat thread without a process, and a count
   of descriptors. A target includes the source that it is about, so that it reaches what is static there. */
#ifndef FT_FUZZ_HARNESS_H
#define FT_FUZZ_HARNESS_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Holds whatever the other side does, or the fuzzer has found a defect. */
#define MUST(condition)                                                         \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);   \
      abort();                                                                  \
    }                                                                           \
  } while (0)

struct input {
  const uint8_t *bytes;
  size_t left;
};

/* Zeros where the input is at its end. */
static void take(struct input *input, void *target, size_t size) {
  size_t taken = size < input->left ? size : input->left;
  memset(target, 0, size);
  if (taken > 0) memcpy(target, input->bytes, taken);
  input->bytes += taken;
  input->left -= taken;
}

static uint8_t take_byte(struct input *input) {
  uint8_t byte;
  take(input, &byte, sizeof byte);
  return byte;
}

static inline unsigned open_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  MUST(folder != NULL);
  unsigned count = 0;
  while (readdir(folder) != NULL) count++;
  closedir(folder);
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif

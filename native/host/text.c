/* Results that are text: measured and copied here, since only the host can follow their pointer. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "host.h"

/* Bytes before the terminating unit, at most `most`. */
uint64_t text_measure(const void *text, uint32_t unit, uint64_t most) {
  uint64_t length = 0;
  switch (unit) {
    case 1: return strnlen(text, most);
    case 2:
      while (length + 2 <= most && ((const uint16_t *)text)[length / 2] != 0) length += 2;
      return length;
    default:
      while (length + 4 <= most && ((const uint32_t *)text)[length / 4] != 0) length += 4;
      return length;
  }
}

/* Into the request's room where it fits; else a copy is kept until the program takes it, since the
   library may change the text as soon as the next call runs. */
uint32_t text_result(const void *text, uint32_t unit, char *room, uint32_t capacity, struct answer *answer) {
  uint64_t length = text_measure(text, unit, UINT32_MAX - 3);
  void *target = room;
  if (length > capacity) {
    target = malloc(length);
    if (target == NULL) return FT_STATUS_NO_MEMORY;
  }
  memcpy(target, text, length);
  answer->length = (uint32_t)length;
  answer->value = (uint64_t)(uintptr_t)target;
  return FT_STATUS_OK;
}

uint32_t text_take(void *target, uint64_t handle, uint64_t bytes) {
  void *kept = (void *)(uintptr_t)handle;
  if (bytes > 0) memcpy(target, kept, bytes);
  free(kept);
  return FT_STATUS_OK;
}

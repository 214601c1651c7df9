/* Looks for a secret of the program in all of its own memory. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "deed.h"

int hunt(const uint8_t *masked, size_t length);

/* question: the secret's bytes in hexadecimal, each with its bits inverted, so that this is not what is found. */
long deed(const char *question) {
  uint8_t masked[64];
  unsigned byte;
  size_t length = 0;
  while (length < sizeof masked && sscanf(question + 2 * length, "%2x", &byte) == 1)
    masked[length++] = (uint8_t)byte;
  return hunt(masked, length) > 0;
}

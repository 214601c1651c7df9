/* Reads the program's memory from outside, as a debugger does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "deed.h"

enum { LENGTH = 32 };

/* question: the program's process number, an address there, and the bytes there, each with its bits inverted. */
long deed(const char *question) {
  char path[64];
  int pid, masked_at;
  unsigned long address;
  unsigned byte;
  uint8_t bytes[LENGTH];
  if (sscanf(question, "%d %lx %n", &pid, &address, &masked_at) != 2) return -1;
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  int memory = open(path, O_RDONLY | O_CLOEXEC);
  if (memory < 0) return 0;
  ssize_t got = pread(memory, bytes, sizeof bytes, (off_t)address);
  close(memory);
  long same = 0;
  for (int i = 0; got == LENGTH && i < LENGTH; i++)
    same += sscanf(question + masked_at + 2 * i, "%2x", &byte) == 1 && bytes[i] == (byte ^ 0xff);
  return same == LENGTH;
}

/* A secret in the program's memory, told to the library with each bit inverted. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "laboratory.h"

#define LENGTH 32

static uint8_t *secret;

static size_t write_masked(char *text, size_t room) {
  size_t length = 0;
  secret = malloc(LENGTH);
  if (secret == NULL || getrandom(secret, LENGTH, 0) != LENGTH) abort();
  for (int i = 0; i < LENGTH; i++)
    length += (size_t)snprintf(text + length, room - length, "%02x", secret[i] ^ 0xff);
  return length;
}

static void prepare(char question[QUESTION_BYTES]) { write_masked(question, QUESTION_BYTES); }

const struct witness memory_witness = {"memory", prepare, NULL};

static void prepare_address(char question[QUESTION_BYTES]) {
  char masked[2 * LENGTH + 1];
  write_masked(masked, sizeof masked);
  snprintf(question, QUESTION_BYTES, "%d %lx %s", getpid(), (unsigned long)(uintptr_t)secret,
           masked);
}

const struct witness debugger_witness = {"debugger", prepare_address, NULL};

/* A program that is embedded in this one, executed from a memory file. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "laboratory.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        "embedded_runner: .incbin \"" RUNNER "\"\n"
        "embedded_runner_end:\n"
        ".previous\n");
extern const char embedded_runner[], embedded_runner_end[];

static bool start(struct session *session) {
  size_t bytes = (size_t)(embedded_runner_end - embedded_runner);
  int runner = memfd_create("runner", MFD_CLOEXEC);
  if (runner < 0 || write(runner, embedded_runner, bytes) != (ssize_t)bytes) {
    snprintf(session->reason, sizeof session->reason, "no memory file: %s", strerror(errno));
    if (runner >= 0) close(runner);
    return false;
  }
  bool started = start_by_exec(session, NULL, runner);
  close(runner);
  return started;
}

const struct strategy memfd_strategy = {"memfd", start, call_in_child, stop_child};

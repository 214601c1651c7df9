/* A library prints without end, in pieces of any size, while the program takes what is there now and then: each
   byte is given to the program in order, or counted as dropped. */
#include "addon/wait.c"

#include <fcntl.h>

#include "harness.h"

#define PIECE 65536u

static uint8_t sent, heard; /* the next byte's value: each is one more than the one before it */

static void hear_nobody(void *context) { (void)context; }

static void print(int pipe, size_t length) {
  static uint8_t bytes[PIECE];
  for (size_t i = 0; i < length; i++) bytes[i] = sent++;
  MUST(write(pipe, bytes, length) == (ssize_t)length);
}

/* Takes at most so many bytes; returns how many were taken or dropped. */
static uint64_t check_taken(struct fat_thread *thread, size_t most) {
  static char bytes[STREAM_BYTES];
  size_t waiting = thread_output_bytes(thread, 0);
  MUST(waiting <= STREAM_BYTES);
  size_t length = waiting < most ? waiting : most;
  uint64_t dropped = thread_take_output(thread, 0, bytes, length);
  for (size_t i = 0; i < length; i++) MUST((uint8_t)bytes[i] == heard++);
  MUST(dropped == 0 || length == waiting);
  heard = (uint8_t)(heard + dropped);
  return length + dropped;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct input input = {bytes, size};
  unsigned before = open_descriptors();
  int ends[2];
  MUST(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  struct fat_thread thread = {.owners = 2, .events = EVENT_OUTPUT}; /* it is on the list already */
  pthread_mutex_init(&thread.lock, NULL);
  thread.streams[0].descriptor = ends[0];
  thread.listener = listener_create(NULL, hear_nobody);
  MUST(thread.listener != NULL);
  uint64_t expected = 0;
  sent = heard = 0;
  while (input.left > 0) {
    uint16_t order;
    take(&input, &order, sizeof order);
    if (order % 8 == 0) {
      expected -= check_taken(&thread, 4 * (size_t)order);
      continue;
    }
    print(ends[1], order);
    MUST(drain(&thread, &thread.streams[0], PIECE));
    expected += order;
  }
  MUST(check_taken(&thread, STREAM_BYTES) == expected);
  MUST(thread.streams[0].bytes == NULL);
  close(ends[1]);
  MUST(!drain(&thread, &thread.streams[0], PIECE));
  close(ends[0]);
  listener_release(thread.listener);
  pthread_mutex_destroy(&thread.lock);
  MUST(open_descriptors() == before);
  return 0;
}

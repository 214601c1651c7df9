/* A fat thread's process: nothing here but the order of its start. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static int start_steps(struct ft_start *start, struct ft_crash *crash, uint32_t *step) {
  int error;
  if ((*step = FT_STEP_PARENT, error = isolate_from_parent_end(start->program))) return error;
  if ((*step = FT_STEP_SESSION, error = isolate_session())) return error;
  if ((*step = FT_STEP_LIMITS, error = isolate_limits())) return error;
  if ((*step = FT_STEP_PRIVILEGES, error = isolate_privileges())) return error;
  if ((*step = FT_STEP_SIGNALS, error = isolate_signals())) return error;
  return crash_watch(crash);
}

int main(void) {
  struct ft_start *start;
  int error = channel_map(FT_DESCRIPTOR_CHANNEL, &start);
  if (error == EPROTO) {
    channel_refuse(FT_DESCRIPTOR_CHANNEL, FT_START_STRANGER, FT_STEP_NONE, error);
    return 1;
  }
  if (error != 0) {
    channel_refuse(FT_DESCRIPTOR_CHANNEL, FT_START_FAILED, FT_STEP_MAP, error);
    return 1;
  }
  /* What is mapped stays; a library finds no descriptor to resize or replace. */
  close(FT_DESCRIPTOR_CHANNEL);

  uint8_t *channel = (uint8_t *)start;
  uint32_t step = FT_STEP_NONE;
  error = start_steps(start, (struct ft_crash *)(channel + FT_OFFSET_CRASH), &step);
  if (error != 0) {
    start->step = step;
    start->error = (uint32_t)error;
    start->state = FT_START_FAILED;
    return 1;
  }

  /* Into a pipe the C library would keep text until the end, and a crash would lose it. */
  setvbuf(stdout, NULL, _IOLBF, 0);

  struct ring ring;
  ring_open(&ring, channel + FT_OFFSET_LANES, start->spin);
  start_publish(start);
  message_serve(&ring);
}

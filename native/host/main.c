/* A fat thread's process: nothing here but the order of its start. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static int set_environment(const struct ft_policy *policy) {
  for (const struct text *text = NULL; (text = policy_text(policy, text)) != NULL;) {
    if (text->kind != FT_TEXT_ENVIRONMENT) continue;
    char *copy = strdup(text->text);
    if (copy == NULL || putenv(copy) != 0) return errno;
  }
  return 0;
}

/* What must not work any more. */
static uint32_t probe(void) {
  uint32_t worked = 0;
  int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root >= 0) worked |= FT_PROBE_OPENED_ROOT;
  if (root >= 0) close(root);
  if (getppid() > 0 && kill(getppid(), 0) == 0) worked |= FT_PROBE_SIGNALLED_PARENT;
  return worked;
}

static int shut_in(struct ft_introduction *said, struct ft_policy *policy, int *listener) {
  uint32_t *outcomes = said->outcomes;
  outcomes[FT_MECHANISM_CAPABILITIES] = (uint32_t)capabilities_drop();
  if (policy->flags & FT_POLICY_LANDLOCK)
    outcomes[FT_MECHANISM_LANDLOCK] = (uint32_t)landlock_restrict(policy, &said->landlock);
  said->probes = probe();
  /* Without a filter nothing would hold: the one mechanism that has no substitute. */
  int error = filter_install(policy, listener);
  outcomes[FT_MECHANISM_FILTER] = (uint32_t)error;
  if (policy->flags & FT_POLICY_LISTENER) outcomes[FT_MECHANISM_LISTENER] = *listener < 0 ? (uint32_t)error : 0;
  return error;
}

static int start_steps(uint8_t *channel, uint32_t born, uint32_t *step) {
  struct ft_start *start = (struct ft_start *)channel;
  struct ft_policy *policy = (struct ft_policy *)(channel + FT_OFFSET_POLICY);
  bool sandbox = policy->flags & FT_POLICY_SANDBOX;
  /* In a namespace of processes the parent is the first one there, whose end is the end of all. */
  uint32_t parent = born & FT_NAMESPACE_PID ? 1 : start->program;
  struct ft_introduction said = {0};
  memset(said.outcomes, 0xff, sizeof said.outcomes); /* untried */
  int error, listener = -1;
  if ((*step = FT_STEP_PARENT, error = isolate_from_parent_end(parent))) return error;
  if (born & FT_NAMESPACE_MOUNT) said.outcomes[FT_MECHANISM_TREE] = (uint32_t)namespaces_tree(policy);
  if ((*step = FT_STEP_SESSION, error = isolate_session())) return error;
  if ((*step = FT_STEP_LIMITS, error = limits_no_core())) return error;
  if (sandbox) limits_apply(policy, said.outcomes);
  if ((*step = FT_STEP_PRIVILEGES, error = isolate_privileges())) return error;
  if ((*step = FT_STEP_SIGNALS, error = isolate_signals())) return error;
  if ((error = crash_watch((struct ft_crash *)(channel + FT_OFFSET_CRASH)))) return error;
  if ((*step = FT_STEP_ENVIRONMENT, error = set_environment(policy))) return error;
  if (sandbox && (*step = FT_STEP_FILTER, error = shut_in(&said, policy, &listener))) return error;
  if (sandbox && (*step = FT_STEP_LIMITS, error = limits_introduce())) return error;
  if ((*step = FT_STEP_DESCRIPTORS, error = introduce(&said, listener))) return error;
  *step = FT_STEP_LIMITS;
  return sandbox ? limits_open_files(policy) : 0;
}

/* The one argument: the namespaces that this process was born into, as flags of clone. */
int main(int count, char **arguments) {
  heap_keep();
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
  uint32_t born = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 0;
  error = start_steps(channel, born, &step);
  if (error != 0) {
    start->step = step;
    start->error = (uint32_t)error;
    start->state = FT_START_FAILED;
    return 1;
  }

  /* Into a pipe the C library would keep text until the end, and a crash would lose it. */
  setvbuf(stdout, NULL, _IOLBF, 0);

  callback_begin(start);
  error = lanes_start(channel, start);
  if (error != 0) {
    start->step = FT_STEP_LANES;
    start->error = (uint32_t)error;
    start->state = FT_START_FAILED;
    return 1;
  }
  start_publish(start);
  lanes_serve_first(start);
}

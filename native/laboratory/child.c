/* What strategies with a child have in common: it is asked through one pipe and heard through another. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "laboratory.h"

/* A child that shares its descriptors with the program leaves no end of file behind: it is looked for, too. */
#define LOOK_EVERY 5

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void name_end(struct session *session, int status) {
  session->ended = true;
  if (WIFSIGNALED(status))
    snprintf(session->reason, sizeof session->reason, "ended by SIG%s",
             sigabbrev_np(WTERMSIG(status)));
  else
    snprintf(session->reason, sizeof session->reason, "exited with status %d", WEXITSTATUS(status));
}

/* Whether it has ended; then its end has been named. */
static bool look_for_end(struct session *session) {
  int status;
  if (waitpid(session->pid, &status, WNOHANG | __WALL) != session->pid) return false;
  name_end(session, status);
  return true;
}

static void end_by_force(struct session *session) {
  kill(session->pid, SIGKILL);
  while (waitpid(session->pid, NULL, __WALL) < 0 && errno == EINTR) {
  }
  session->ended = true;
  snprintf(session->reason, sizeof session->reason, "was killed at its time limit");
}

static bool hear(struct session *session, struct message *message, int limit) {
  struct pollfd source = {.fd = session->hear, .events = POLLIN};
  long deadline = now() + limit;
  for (;;) {
    int ready = poll(&source, 1, LOOK_EVERY);
    if (ready > 0 && (source.revents & POLLIN) &&
        read(session->hear, message, sizeof *message) == (ssize_t)sizeof *message)
      return true;
    /* An end of file comes a moment before the end of the process is known. */
    if (ready > 0) usleep(1000);
    if (look_for_end(session)) return false;
    if (now() < deadline) continue;
    end_by_force(session);
    return false;
  }
}

bool open_pipes(struct session *session) {
  int down[2], up[2];
  if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) {
    snprintf(session->reason, sizeof session->reason, "no pipe: %s", strerror(errno));
    return false;
  }
  session->child_from = down[0];
  session->ask = down[1];
  session->hear = up[0];
  session->child_to = up[1];
  return true;
}

void keep_ends_of_child(const struct session *session) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_DFL);
  if (session->shares_descriptors) return;
  close(session->ask);
  close(session->hear);
  close(REPORT_DESCRIPTOR);
}

/* Returns only when it can't be executed: an exit status, as shells have it. */
static int execute(const struct session *session, const char *path, int descriptor) {
  char from[16], to[16];
  fcntl(session->child_from, F_SETFD, 0);
  fcntl(session->child_to, F_SETFD, 0);
  snprintf(from, sizeof from, "%d", session->child_from);
  snprintf(to, sizeof to, "%d", session->child_to);
  char *words[] = {"runner", (char *)session->library, from, to, NULL};
  if (path != NULL) execv(path, words);
  else fexecve(descriptor, words, environ);
  return 127;
}

bool start_by_exec(struct session *session, const char *path, int descriptor) {
  if (!open_pipes(session)) return false;
  pid_t pid = fork();
  if (pid == 0) {
    keep_ends_of_child(session);
    _exit(execute(session, path, descriptor));
  }
  return await_load(session, pid);
}

bool start_by_clone(struct session *session, int flags, int (*body)(void *session)) {
  if (!open_pipes(session)) return false;
  session->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (session->stack == MAP_FAILED) {
    snprintf(session->reason, sizeof session->reason, "no stack: %s", strerror(errno));
    return false;
  }
  char *top = (char *)session->stack + STACK_BYTES;
  return await_load(session, clone(body, top, flags | SIGCHLD, session));
}

bool await_load(struct session *session, pid_t pid) {
  int error = errno;
  session->pid = pid;
  if (!session->shares_descriptors) {
    close(session->child_from);
    close(session->child_to);
  }
  if (pid < 0) {
    session->ended = true;
    snprintf(session->reason, sizeof session->reason, "no process: %s", strerror(error));
    return false;
  }
  struct message message;
  if (!hear(session, &message, session->load_limit)) return false;
  if (message.kind == LOADED) return true;
  end_by_force(session);
  snprintf(session->reason, sizeof session->reason, "%s", message.reason);
  return false;
}

bool call_in_child(struct session *session, const char *question, long *answer) {
  struct request request = {.stop = false};
  struct message message;
  snprintf(request.question, sizeof request.question, "%s", question);
  if (write(session->ask, &request, sizeof request) != (ssize_t)sizeof request ||
      !hear(session, &message, session->limit))
    return false;
  *answer = message.value;
  return true;
}

bool stop_child(struct session *session) {
  if (session->pid <= 0) return true;
  bool calm = true;
  if (!session->ended) {
    struct request request = {.stop = true};
    struct message message;
    if (write(session->ask, &request, sizeof request) != (ssize_t)sizeof request) calm = false;
    hear(session, &message, session->load_limit);
    calm = calm && strcmp(session->reason, "exited with status 0") == 0;
  }
  close(session->ask);
  close(session->hear);
  if (session->shares_descriptors) {
    close(session->child_from);
    close(session->child_to);
  }
  if (session->stack != NULL) munmap(session->stack, STACK_BYTES);
  return calm;
}

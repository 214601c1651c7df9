/* The price of what isolation demands, without a program in JavaScript: processes in namespaces of their own, shut in
 * before they load a library and call it once.
 *   starts-shut-in TIMES COUNT HOST FIRST [waiting]
 * HOST is what is-shut-in.c makes, FIRST what native/first does. Begins COUNT of them, TIMES times. Prints nanoseconds,
 * one line a time: of one, until its result is there; of several, until they have ended. Those that were waiting are
 * there before the time begins, and are told. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define STACK_BYTES (32 * 1024)
#define NAMESPACES                                                                                 \
  (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |    \
   CLONE_NEWNET)
/* Where FIRST looks for them. */
#define END 3
#define SOCKET 4
#define EXECUTABLES 5

struct process {
  pid_t pid;
  int socket;
};

static char first_stack[STACK_BYTES] __attribute__((aligned(16)));
static char host_stack[STACK_BYTES] __attribute__((aligned(16)));
static char *no_environment[] = {NULL};
static int executables[2]; /* the host, and the first process */
static int inside, end;
static char users[32], groups[32];
static char *host_arguments[] = {"is-shut-in", NULL, NULL};

static void write_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) < 0) _exit(1);
  close(file);
}

static int be_host(void *nothing) {
  (void)nothing;
  syscall(SYS_execveat, EXECUTABLES, "", host_arguments, no_environment, AT_EMPTY_PATH);
  _exit(127);
}

/* Shares memory until exec, as a fat thread's first process does. */
static int be_first(void *nothing) {
  (void)nothing;
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", users);
  write_file("/proc/self/gid_map", groups);
  if (dup2(inside, 0) != 0 || dup2(inside, SOCKET) != SOCKET || dup2(end, END) != END) _exit(1);
  for (int i = 0; i < 2; i++)
    if (dup3(executables[i], EXECUTABLES + i, O_CLOEXEC) < 0) _exit(1);
  if (syscall(SYS_close_range, EXECUTABLES + 2, ~0U, 0) != 0) _exit(1);
  pid_t host = clone(be_host, host_stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
  if (host < 0) _exit(1);
  char number[16];
  snprintf(number, sizeof number, "%d", host);
  char *arguments[] = {"fat-thread", number, NULL};
  syscall(SYS_execveat, EXECUTABLES + 1, "", arguments, no_environment, AT_EMPTY_PATH);
  _exit(127);
}

static void need(int done, const char *what) {
  if (done) return;
  fprintf(stderr, "starts-shut-in: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* Descriptors that the child's own numbers don't overwrite. */
static int above(int descriptor) {
  int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 16);
  need(moved >= 0, "fcntl");
  close(descriptor);
  return moved;
}

static struct process begin(void) {
  int pair[2];
  need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  inside = above(pair[1]);
  end = above(eventfd(0, EFD_CLOEXEC));
  int flags = CLONE_VM | CLONE_VFORK | SIGCHLD | NAMESPACES;
  struct process process = {clone(be_first, first_stack + STACK_BYTES, flags, NULL), pair[0]};
  need(process.pid > 0, "namespaces");
  close(inside);
  close(end);
  return process;
}

static void await_word(const struct process *process) {
  char word;
  need(read(process->socket, &word, 1) == 1, "no process that waits");
}

static void tell(const struct process *process) {
  char word = 0;
  need(write(process->socket, &word, 1) == 1, "nobody to tell");
}

/* Its result; the filter's listener comes along and ends here. */
static void hear(const struct process *process) {
  double value;
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr aligned;
  } control;
  struct iovec vector = {&value, sizeof value};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  need(recvmsg(process->socket, &message, MSG_CMSG_CLOEXEC) == sizeof value && value == 1,
       "no result");
  int listener;
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  need(head != NULL, "no listener");
  memcpy(&listener, CMSG_DATA(head), sizeof listener);
  close(listener);
}

static void finish(const struct process *process) {
  int status;
  close(process->socket);
  /* FIRST may begin so late that nobody is there any more: it says so. */
  need(waitpid(process->pid, &status, __WALL) == process->pid && WIFEXITED(status), "bad end");
}

int main(int count, char **arguments) {
  if (count != 5 && count != 6) return 2;
  host_arguments[1] = arguments[5]; /* NULL, where there is none */
  int waiting = count == 6;
  int times = atoi(arguments[1]), together = atoi(arguments[2]);
  for (int i = 0; i < 2; i++) executables[i] = above(open(arguments[3 + i], O_PATH | O_CLOEXEC));
  snprintf(users, sizeof users, "0 %u 1", geteuid());
  snprintf(groups, sizeof groups, "0 %u 1", getegid());
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  struct process *all = calloc((size_t)together, sizeof *all);
  if (all == NULL) return 1;
  for (int i = 0; i < times; i++) {
    double from = now();
    for (int j = 0; j < together; j++) all[j] = begin();
    if (waiting) {
      for (int j = 0; j < together; j++) await_word(&all[j]);
      from = now();
      for (int j = 0; j < together; j++) tell(&all[j]);
    }
    for (int j = 0; j < together; j++) hear(&all[j]);
    double to = now();
    for (int j = 0; j < together; j++) finish(&all[j]);
    if (together > 1) to = now();
    printf("%.0f\n", to - from);
  }
  return 0;
}

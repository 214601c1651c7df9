/* Starting hosts: on threads of its own, which live as long as the program. The kernel ends a host when the thread
   that started it ends, so that thread must be no worker's; and the event loop never waits for exec. */
#define _GNU_SOURCE
#include "addon.h"

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

#include "ft_protocol.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define CHILD_STACK_BYTES (32 * 1024)
#define SPAWNERS 4 /* at most: each waits for one exec after the other */
#define EXECUTABLES 2
#define HOST FT_DESCRIPTOR_COUNT /* where the child has them: behind what the host is born with */
#define FIRST (FT_DESCRIPTOR_COUNT + 1)
#define END (FT_DESCRIPTOR_COUNT + 2)
#define ABOVE 16 /* more than the descriptors that a host is born with */

/* Stacks for the child that is born into the namespaces, and for the host before its exec. */
struct stacks {
  char child[CHILD_STACK_BYTES] __attribute__((aligned(16)));
  char host[CHILD_STACK_BYTES] __attribute__((aligned(16)));
};

struct order {
  struct fat_thread *thread;
  struct stacks *stacks; /* of the thread that serves it */
  int executables[EXECUTABLES]; /* the host, and what is the first process of a namespace */
  int descriptors[FT_DESCRIPTOR_COUNT];
  int end; /* for the first process: only it can say how the host ended */
  uint64_t stack;
  unsigned namespaces;
  char user_map[32]; /* prepared: the child makes system calls only */
  char group_map[32];
  char born[16]; /* the namespaces, for the host */
  char inside[16]; /* the host's number in there, for the first process */
  int error;
  struct order *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ordered = PTHREAD_COND_INITIALIZER;
static struct order *first;
static struct order **last = &first;
static unsigned spawners; /* threads */
static unsigned waiting;  /* those without an order */
static unsigned queued;   /* orders */

static void write_file(const char *path, const char *text, size_t bytes) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return; /* then the user is nobody inside, and the host says what it can't do */
  (void)!write(file, text, bytes);
  close(file);
}

/* Returns where that fails: the sanitizers take note of functions that never return, on a stack that is not theirs. */
static int execute(struct order *order, int descriptor, char *argument) {
  char *const arguments[] = {"fat-thread", argument, NULL};
  char *const environment[] = {NULL};
  syscall(SYS_execveat, descriptor, "", arguments, environment, AT_EMPTY_PATH);
  order->error = errno;
  return 127;
}

static int be_host(void *data) {
  struct order *order = data;
  close(END);
  return execute(order, HOST, order->born);
}

/* The host is a child of the namespace's first process: what ends for it, the first process sees, and its own signals
   spare it nothing. */
static void be_first(struct order *order) {
  if (chdir("/") != 0) return; /* else the old root directory would stay in use */
  pid_t host = clone(be_host, order->stacks->host + CHILD_STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD, order);
  if (host < 0) return;
  if (order->error != 0) return;
  char *end = order->inside + sizeof order->inside - 1;
  *end = 0;
  for (; host > 0; host /= 10) *--end = (char)('0' + host % 10);
  if (dup2(END, FT_DESCRIPTOR_END) < 0) return;
  execute(order, FIRST, end);
}

/* Shares the program's memory until exec: system calls only, nothing that could change a thing. */
static int child(void *data) {
  struct order *order = data;
  if (order->namespaces & FT_NAMESPACE_USER) {
    write_file("/proc/self/setgroups", "deny", 4);
    write_file("/proc/self/uid_map", order->user_map, strlen(order->user_map));
    write_file("/proc/self/gid_map", order->group_map, strlen(order->group_map));
  }
  int moved[FT_DESCRIPTOR_COUNT];
  int executables[EXECUTABLES];
  for (int i = 0; i < EXECUTABLES; i++) {
    executables[i] = fcntl(order->executables[i], F_DUPFD_CLOEXEC, ABOVE);
    if (executables[i] < 0) goto failed;
  }
  int end = fcntl(order->end, F_DUPFD, ABOVE);
  if (end < 0) goto failed;
  for (int i = 0; i < FT_DESCRIPTOR_COUNT; i++) {
    moved[i] = fcntl(order->descriptors[i], F_DUPFD, ABOVE);
    if (moved[i] < 0) goto failed;
  }
  for (int i = 0; i < FT_DESCRIPTOR_COUNT; i++) {
    if (dup2(moved[i], i) < 0) goto failed;
  }
  for (int i = 0; i < EXECUTABLES; i++) {
    if (dup3(executables[i], HOST + i, O_CLOEXEC) < 0) goto failed;
  }
  if (dup2(end, END) < 0) goto failed;
  if (syscall(SYS_close_range, END + 1, ~0U, 0) != 0) goto failed;

  struct rlimit stack;
  if (getrlimit(RLIMIT_STACK, &stack) != 0) goto failed;
  if (stack.rlim_max > order->stack) stack.rlim_max = order->stack;
  stack.rlim_cur = stack.rlim_max;
  if (setrlimit(RLIMIT_STACK, &stack) != 0) goto failed;

  if (order->namespaces & FT_NAMESPACE_PID) be_first(order);
  else be_host(order);
failed:
  if (order->error == 0) order->error = errno;
  _exit(127);
}

static int start_process(struct order *order, pid_t *pid, int *process) {
  /* A handler of the program must not run in the child: they share memory. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  /* With all that is wanted; as root also without a user namespace; else without any. */
  unsigned wanted[] = {order->namespaces, order->namespaces & ~(unsigned)FT_NAMESPACE_USER, 0};
  for (size_t i = 0; i < 3; i++) {
    if (i == 1 && geteuid() != 0) continue;
    order->namespaces = wanted[i];
    snprintf(order->born, sizeof order->born, "%u", wanted[i]);
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | (int)order->namespaces;
    *pid = clone(child, order->stacks->child + CHILD_STACK_BYTES, flags, order, process);
    if (*pid >= 0 || order->namespaces == 0) break;
  }
  int error = *pid < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error != 0) return error;
  if (order->error == 0) return 0;
  waitpid(*pid, NULL, __WALL);
  close(*process);
  return order->error;
}

static void close_all(const struct order *order) {
  for (int i = 0; i < FT_DESCRIPTOR_COUNT; i++) {
    if (order->descriptors[i] >= 0) close(order->descriptors[i]);
  }
  for (int i = 0; i < EXECUTABLES; i++) {
    if (order->executables[i] >= 0) close(order->executables[i]);
  }
  if (order->end >= 0) close(order->end);
}

static void serve(struct order *order) {
  struct fat_thread *thread = order->thread;
  pid_t pid;
  int process;
  int error = start_process(order, &pid, &process);
  close_all(order);
  if (error == 0) {
    pthread_mutex_lock(&thread->lock);
    thread->pid = pid;
    thread->process = process;
    thread->namespaces = order->namespaces;
    pthread_mutex_unlock(&thread->lock);
    error = watch_begin(thread);
  }
  if (error != 0) thread_failed(thread, error);
  free(order);
}

static void *serve_orders(void *stacks) {
  pthread_setname_np(pthread_self(), "fat-spawn");
  for (;;) {
    pthread_mutex_lock(&lock);
    waiting++;
    while (first == NULL) pthread_cond_wait(&ordered, &lock);
    waiting--;
    struct order *order = first;
    first = order->next;
    if (first == NULL) last = &first;
    queued--;
    pthread_mutex_unlock(&lock);
    order->stacks = stacks;
    serve(order);
  }
  return NULL;
}

static int add_spawner(void) {
  static struct stacks stacks[SPAWNERS];
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, serve_orders, &stacks[spawners]);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (error == 0) spawners++;
  return error;
}

static int enqueue(struct order *order) {
  int error = 0;
  pthread_mutex_lock(&lock);
  /* Orders that nobody has taken yet are as many as will be woken. */
  if (queued >= waiting && spawners < SPAWNERS) error = add_spawner();
  if (spawners > 0) {
    error = 0;
    queued++;
    *last = order;
    last = &order->next;
    pthread_cond_signal(&ordered);
  }
  pthread_mutex_unlock(&lock);
  return error;
}

/* A stream is captured through a pipe, or goes nowhere: never to a descriptor of the program. */
static int make_stream(bool captured, int *inside, int *outside) {
  if (!captured) {
    *inside = open("/dev/null", O_RDWR | O_CLOEXEC);
    return *inside < 0 ? errno : 0;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  *outside = ends[0];
  *inside = ends[1];
  return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

static int make_descriptors(const struct birth *birth, struct order *order, struct fat_thread *thread) {
  int error, pair[2];
  int *inside = order->descriptors;
  if ((error = make_stream(false, &inside[FT_DESCRIPTOR_INPUT], NULL))) return error;
  for (int i = 0; i < 2; i++) {
    error = make_stream(birth->streams[i], &inside[FT_DESCRIPTOR_OUTPUT + i], &thread->streams[i].descriptor);
    if (error != 0) return error;
  }
  /* Own copies: the program may close its descriptors before the order is served. */
  if ((inside[FT_DESCRIPTOR_CHANNEL] = fcntl(birth->channel, F_DUPFD_CLOEXEC, 0)) < 0) return errno;
  if ((order->executables[0] = fcntl(birth->host, F_DUPFD_CLOEXEC, 0)) < 0) return errno;
  if ((order->executables[1] = fcntl(birth->first, F_DUPFD_CLOEXEC, 0)) < 0) return errno;
  if ((thread->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) return errno;
  if ((order->end = fcntl(thread->end, F_DUPFD_CLOEXEC, 0)) < 0) return errno;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return errno;
  /* The kernel then says who sent a message. */
  int yes = 1;
  (void)setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  thread->socket = pair[0];
  inside[FT_DESCRIPTOR_SOCKET] = pair[1];
  return 0;
}

static struct fat_thread *create(struct listener *listener) {
  struct fat_thread *thread = calloc(1, sizeof *thread);
  if (thread == NULL) return NULL;
  pthread_mutex_init(&thread->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&thread->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  thread->owners = 2; /* the program's handle and the order, whose share goes on to the watch */
  thread->process = -1;
  thread->end = -1;
  thread->socket = -1;
  thread->watched_by = -1;
  thread->listener_descriptor = -1;
  for (int i = 0; i < 2; i++) thread->streams[i].descriptor = -1;
  for (int i = 0; i < 6; i++) thread->sources[i] = (struct source){thread, i};
  pthread_mutex_lock(&listener->lock);
  listener->owners++;
  pthread_mutex_unlock(&listener->lock);
  thread->listener = listener;
  return thread;
}

int spawn(struct listener *listener, const struct birth *birth, struct fat_thread **result) {
  struct order *order = calloc(1, sizeof *order);
  struct fat_thread *thread = order == NULL ? NULL : create(listener);
  if (thread == NULL) {
    free(order);
    return ENOMEM;
  }
  thread->id = birth->id;
  order->thread = thread;
  for (int i = 0; i < EXECUTABLES; i++) order->executables[i] = -1;
  order->end = -1;
  order->stack = birth->stack;
  order->namespaces = birth->namespaces;
  snprintf(order->user_map, sizeof order->user_map, "0 %u 1", geteuid());
  snprintf(order->group_map, sizeof order->group_map, "0 %u 1", getegid());
  thread->files_permitted = birth->files_permitted;
  thread->most_threads = birth->most_threads;
  for (int i = 0; i < FT_DESCRIPTOR_COUNT; i++) order->descriptors[i] = -1;
  int error = make_descriptors(birth, order, thread);
  if (error == 0) error = enqueue(order);
  if (error == 0) {
    *result = thread;
    return 0;
  }
  close_all(order);
  free(order);
  thread_release(thread);
  thread_release(thread);
  return error;
}

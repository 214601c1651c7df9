/* Waiting: one thread that watches every process for all environments, doorbells that each environment's event loop
   hears itself, and the program's blocking waits. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ft_protocol.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define STREAM_BYTES (1024 * 1024) /* that wait for the program; what comes beyond is dropped and counted */
#define BATCH 64
#define MUTED_MILLISECONDS 20

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
static int epoll = -1;

static void close_one(int *descriptor) {
  if (*descriptor >= 0) close(*descriptor);
  *descriptor = -1;
}

/* ---- listeners ---- */

struct listener *listener_create(void *context, void (*wake)(void *context)) {
  struct listener *listener = calloc(1, sizeof *listener);
  if (listener == NULL) return NULL;
  pthread_mutex_init(&listener->lock, NULL);
  listener->owners = 1;
  listener->doorbells = -1;
  listener->pending_end = &listener->pending;
  listener->context = context;
  listener->wake = wake;
  return listener;
}

static void listener_release(struct listener *listener) {
  pthread_mutex_lock(&listener->lock);
  bool last = --listener->owners == 0;
  pthread_mutex_unlock(&listener->lock);
  if (!last) return;
  pthread_mutex_destroy(&listener->lock);
  close_one(&listener->doorbells);
  free(listener);
}

void listener_close(struct listener *listener) {
  pthread_mutex_lock(&listener->lock);
  listener->wake = NULL;
  pthread_mutex_unlock(&listener->lock);
  uint32_t events;
  struct fat_thread *thread;
  while ((thread = listener_take(listener, &events)) != NULL) thread_release(thread);
  listener_release(listener);
}

int listener_doorbells(struct listener *listener) {
  if (listener->doorbells < 0) listener->doorbells = epoll_create1(EPOLL_CLOEXEC);
  return listener->doorbells;
}

void listener_without_doorbells(struct listener *listener) { close_one(&listener->doorbells); }

struct fat_thread *listener_take(struct listener *listener, uint32_t *events) {
  pthread_mutex_lock(&listener->lock);
  struct fat_thread *thread = listener->pending;
  if (thread != NULL) {
    listener->pending = thread->next;
    if (listener->pending == NULL) listener->pending_end = &listener->pending;
    listener->pending_count--;
    *events = thread->events;
    thread->events = 0;
  }
  pthread_mutex_unlock(&listener->lock);
  return thread;
}

bool listener_rest(struct listener *listener) {
  pthread_mutex_lock(&listener->lock);
  listener->woken = listener->pending != NULL;
  bool rests = !listener->woken;
  pthread_mutex_unlock(&listener->lock);
  return rests;
}

size_t listener_pending(struct listener *listener) {
  pthread_mutex_lock(&listener->lock);
  size_t count = listener->pending_count;
  pthread_mutex_unlock(&listener->lock);
  return count;
}

static void thread_retain(struct fat_thread *thread) {
  pthread_mutex_lock(&thread->lock);
  thread->owners++;
  pthread_mutex_unlock(&thread->lock);
}

/* One wake-up serves all events that gather until the program has taken them. */
static void tell(struct fat_thread *thread, uint32_t events) {
  struct listener *listener = thread->listener;
  pthread_mutex_lock(&listener->lock);
  if (listener->wake != NULL) {
    if (thread->events == 0) {
      thread_retain(thread); /* the list's share, passed on by listener_take */
      thread->next = NULL;
      *listener->pending_end = thread;
      listener->pending_end = &thread->next;
      listener->pending_count++;
    }
    thread->events |= events;
    if (!listener->woken) listener->wake(listener->context);
    listener->woken = true;
  }
  pthread_mutex_unlock(&listener->lock);
}

/* ---- a thread's life ---- */

/* Before the descriptor is closed: the child may hold the socket for a moment longer, and an epoll with it. */
static void unwatch_socket(struct fat_thread *thread) {
  if (thread->watched_by >= 0) epoll_ctl(thread->watched_by, EPOLL_CTL_DEL, thread->socket, NULL);
  thread->watched_by = -1;
}

void thread_close(struct fat_thread *thread) {
  pthread_mutex_lock(&thread->lock);
  unwatch_socket(thread);
  close_one(&thread->socket);
  close_one(&thread->end);
  if (thread->reaped) close_one(&thread->process);
  denials_close(thread);
  for (int i = 0; i < 2; i++) {
    close_one(&thread->streams[i].descriptor);
    free(thread->streams[i].bytes);
    thread->streams[i].bytes = NULL;
    thread->streams[i].length = 0;
  }
  pthread_mutex_unlock(&thread->lock);
}

void thread_release(struct fat_thread *thread) {
  pthread_mutex_lock(&thread->lock);
  bool last = --thread->owners == 0;
  pthread_mutex_unlock(&thread->lock);
  if (!last) return;
  thread->reaped = true; /* or it never was */
  thread_close(thread);
  listener_release(thread->listener);
  pthread_cond_destroy(&thread->changed);
  pthread_mutex_destroy(&thread->lock);
  free(thread);
}

static void set_state(struct fat_thread *thread, enum state state) {
  pthread_mutex_lock(&thread->lock);
  thread->state = state;
  pthread_cond_broadcast(&thread->changed);
  pthread_mutex_unlock(&thread->lock);
}

void thread_failed(struct fat_thread *thread, int error) {
  thread->error = error;
  set_state(thread, STATE_FAILED);
  tell(thread, EVENT_ENDED);
  thread_release(thread);
}

static int kill_locked(struct fat_thread *thread) {
  if (thread->state == STATE_STARTING) thread->kill_wanted = true;
  if (thread->state != STATE_RUNNING || thread->process < 0) return 0;
  return syscall(SYS_pidfd_send_signal, thread->process, SIGKILL, NULL, 0) == 0 ? 0 : errno;
}

int thread_kill(struct fat_thread *thread) {
  pthread_mutex_lock(&thread->lock);
  int error = kill_locked(thread);
  pthread_mutex_unlock(&thread->lock);
  return error;
}

/* ---- standard streams ---- */

/* The analyzer of GCC 12 loses sight of memory that hangs on a structure it was handed. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static char *room(struct stream *stream) {
  if (stream->bytes == NULL) stream->bytes = malloc(STREAM_BYTES);
  return stream->bytes;
}

static void keep(struct stream *stream, const char *bytes, size_t length) {
  size_t left = room(stream) == NULL ? 0 : STREAM_BYTES - stream->length;
  /* What is dropped stands behind all that is kept: until that is taken, nothing comes behind it. */
  size_t kept = stream->dropped > 0 ? 0 : length < left ? length : left;
  if (kept > STREAM_BYTES - stream->length - stream->begin) {
    memmove(stream->bytes, stream->bytes + stream->begin, stream->length);
    stream->begin = 0;
  }
  if (kept > 0) memcpy(stream->bytes + stream->begin + stream->length, bytes, kept);
  stream->length += kept;
  stream->dropped += length - kept;
}

/* Reads what is there, at most `most` bytes. Returns false at the end of the stream. */
static bool drain(struct fat_thread *thread, struct stream *stream, size_t most) {
  char bytes[16384];
  size_t sum = 0;
  ssize_t got = 0;
  while (sum < most && (got = read(stream->descriptor, bytes, sizeof bytes)) > 0) {
    pthread_mutex_lock(&thread->lock);
    keep(stream, bytes, (size_t)got);
    pthread_mutex_unlock(&thread->lock);
    sum += (size_t)got;
  }
  if (sum > 0) tell(thread, EVENT_OUTPUT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

size_t thread_output_bytes(struct fat_thread *thread, int number) {
  pthread_mutex_lock(&thread->lock);
  size_t length = thread->streams[number].length;
  pthread_mutex_unlock(&thread->lock);
  return length;
}

uint64_t thread_take_output(struct fat_thread *thread, int number, void *into, size_t length) {
  struct stream *stream = &thread->streams[number];
  uint64_t dropped = 0;
  pthread_mutex_lock(&thread->lock);
  if (length > 0) memcpy(into, stream->bytes + stream->begin, length);
  stream->begin += length;
  stream->length -= length;
  if (stream->length == 0) {
    free(stream->bytes);
    stream->bytes = NULL;
    stream->begin = 0;
    dropped = stream->dropped;
    stream->dropped = 0;
  }
  pthread_mutex_unlock(&thread->lock);
  return dropped;
}

/* ---- the watch ---- */

static int watch(struct fat_thread *thread, int kind, int descriptor, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = &thread->sources[kind]};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno;
}

static void unwatch(int descriptor) {
  if (descriptor >= 0) epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

/* For one event. The first message brings the listener, which must not wait for the event loop: the watch takes it.
   Doorbells ring for the event loop alone. */
static int watch_socket(struct fat_thread *thread) {
  int doorbells = thread->listener->doorbells;
  int by = thread->host != 0 && doorbells >= 0 ? doorbells : epoll;
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = &thread->sources[SOURCE_SOCKET]};
  int operation = thread->watched_by == by ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(by, operation, thread->socket, &event) != 0) return errno;
  thread->watched_by = by;
  return 0;
}

/* ---- those that ask too much ---- */

/* Threads whose denials wait for the next window; only the watch touches the list. */
static struct fat_thread *muted;

static void mute(struct fat_thread *thread) {
  unwatch(thread->listener_descriptor);
  thread->next_muted = muted;
  muted = thread;
}

static void forget_muted(const struct fat_thread *thread) {
  struct fat_thread **link = &muted;
  while (*link != NULL && *link != thread) link = &(*link)->next_muted;
  if (*link != NULL) *link = thread->next_muted;
}

static void unmute_all(void) {
  while (muted != NULL) {
    struct fat_thread *thread = muted;
    muted = thread->next_muted;
    thread->answered = 0;
    watch(thread, SOURCE_DENIALS, thread->listener_descriptor, EPOLLIN);
  }
}

/* When nobody is left whom its filter holds, a listener has nothing to say, and hangs up for good. */
static void hear_denials(struct fat_thread *thread, uint32_t events) {
  if (!(events & EPOLLIN)) {
    unwatch(thread->listener_descriptor);
    return;
  }
  switch (denials_hear(thread)) {
    case HEARD_NOTHING: break;
    case HEARD_DENIAL: tell(thread, EVENT_DENIAL); break;
    case HEARD_ENOUGH: mute(thread); break;
    case HEARD_END: unwatch(thread->listener_descriptor); break;
  }
}

/* ---- the first message ---- */

union control {
  char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
  struct cmsghdr aligned;
};

/* The descriptors that came along: one that is wanted is the listener, all others are closed. */
static void sort_descriptors(struct fat_thread *thread, const struct cmsghdr *head, bool wanted) {
  int descriptors[sizeof(union control) / sizeof(int)];
  size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  memcpy(descriptors, CMSG_DATA(head), count * sizeof(int));
  if (!wanted || count != 1 || thread->listener_descriptor >= 0) {
    for (size_t i = 0; i < count; i++) close(descriptors[i]);
    return;
  }
  thread->listener_descriptor = descriptors[0];
  thread->answered = 0;
  watch(thread, SOURCE_DENIALS, descriptors[0], EPOLLIN);
}

/* It comes before the host has loaded anything; whatever is sent later brings no descriptor in. */
static bool meet_locked(struct fat_thread *thread) {
  if (thread->host != 0 || thread->socket < 0) return false;
  struct iovec vector = {thread->introduction, sizeof thread->introduction};
  union control control;
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(thread->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return false;
  if (got > 0) {
    unwatch_socket(thread); /* from here on others watch it, when it is asked for */
    thread->host = thread->pid; /* where the kernel does not say who sent it */
  }
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head != NULL; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET) continue;
    if (head->cmsg_type == SCM_RIGHTS) sort_descriptors(thread, head, got > 0);
    if (head->cmsg_type == SCM_CREDENTIALS && got > 0) {
      struct ucred who;
      memcpy(&who, CMSG_DATA(head), sizeof who);
      if (who.pid > 0) thread->host = who.pid;
    }
  }
  return got > 0;
}

void thread_meet(struct fat_thread *thread) {
  pthread_mutex_lock(&thread->lock);
  if (thread->state == STATE_RUNNING && meet_locked(thread) && thread->ring_wanted) watch_socket(thread);
  pthread_mutex_unlock(&thread->lock);
}

/* From here on nobody asks for its doorbell. */
static void leave(struct fat_thread *thread) {
  set_state(thread, STATE_ENDING);
  pthread_mutex_lock(&thread->lock);
  unwatch_socket(thread);
  pthread_mutex_unlock(&thread->lock);
  unwatch(thread->listener_descriptor);
  forget_muted(thread);
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &thread->streams[i];
    if (stream->descriptor < 0) continue;
    drain(thread, stream, STREAM_BYTES);
    unwatch(stream->descriptor);
  }
  unwatch(thread->end);
}

static void tell_end(struct fat_thread *thread) {
  set_state(thread, STATE_ENDED);
  tell(thread, EVENT_ENDED);
}

/* What the first process of a namespace said of the host's end; nobody else can. */
static bool hear_end(struct fat_thread *thread) {
  uint64_t said = 0;
  if (thread->end < 0 || read(thread->end, &said, sizeof said) != sizeof said) return false;
  int status = (int)(said & ~(uint64_t)FT_ENDED);
  leave(thread);
  if (WIFEXITED(status)) thread->exit_code = WEXITSTATUS(status);
  else thread->signal = WTERMSIG(status);
  tell_end(thread);
  return true;
}

/* The process has ended and is not reaped yet, so its process group can't be another's. */
static void bury(struct fat_thread *thread) {
  bool said = thread->state >= STATE_ENDED || hear_end(thread);
  if (!said) leave(thread);
  unwatch(thread->process);
  if (!said) kill(-thread->pid, SIGKILL);

  siginfo_t info = {0};
  int options = WEXITED | __WALL;
  while (waitid((idtype_t)P_PIDFD, (id_t)thread->process, &info, options) != 0 && errno == EINTR) continue;
  pthread_mutex_lock(&thread->lock);
  thread->reaped = true;
  if (thread->state >= STATE_ENDED) close_one(&thread->process);
  pthread_mutex_unlock(&thread->lock);
  if (said) return;
  if (info.si_code == CLD_EXITED) thread->exit_code = info.si_status;
  else thread->signal = info.si_status; /* 0 where the program ignores SIGCHLD: nobody can know */
  tell_end(thread);
}

static void hear_ring(struct fat_thread *thread) {
  pthread_mutex_lock(&thread->lock);
  bool met = meet_locked(thread);
  bool wanted = thread->ring_wanted;
  if (met && wanted) watch_socket(thread);
  if (!met) thread->ring_wanted = false;
  pthread_mutex_unlock(&thread->lock);
  if (met) {
    if (!wanted) tell(thread, EVENT_MET);
    return;
  }
  char bytes[64];
  ssize_t got;
  if (!wanted) { /* what rings now rings for a blocking wait, which must not miss it */
    if (recv(thread->socket, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK) == 0) tell(thread, EVENT_HANGUP);
    return;
  }
  int most = 256; /* a library that rings without end must hold neither the watch nor the event loop */
  do got = recv(thread->socket, bytes, sizeof bytes, MSG_DONTWAIT);
  while (got > 0 && --most > 0);
  tell(thread, got == 0 ? EVENT_HANGUP : EVENT_RING);
}

void listener_hear(struct listener *listener) {
  pthread_mutex_lock(&listener->lock);
  listener->woken = true; /* whoever is here needs no wake-up */
  pthread_mutex_unlock(&listener->lock);
  struct epoll_event events[BATCH];
  int count = epoll_wait(listener->doorbells, events, BATCH, 0);
  for (int i = 0; i < count; i++) hear_ring(((struct source *)events[i].data.ptr)->thread);
}

static struct fat_thread *hear(struct source *source, uint32_t events) {
  struct fat_thread *thread = source->thread;
  switch (source->kind) {
    case SOURCE_SOCKET: hear_ring(thread); return NULL;
    case SOURCE_PROCESS: bury(thread); return thread;
    case SOURCE_DENIALS: hear_denials(thread, events); return NULL;
    case SOURCE_END: hear_end(thread); return NULL;
    default: {
      struct stream *stream = &thread->streams[source->kind - SOURCE_OUTPUT];
      if (!drain(thread, stream, STREAM_BYTES)) unwatch(stream->descriptor);
      return NULL;
    }
  }
}

static void *watch_all(void *nothing) {
  (void)nothing;
  pthread_setname_np(pthread_self(), "fat-watch");
  for (;;) {
    struct epoll_event events[BATCH];
    int count = epoll_wait(epoll, events, BATCH, muted == NULL ? -1 : MUTED_MILLISECONDS);
    if (count == 0) unmute_all();
    /* Other events of a batch may speak of a thread that has ended in it: it goes after the batch. */
    struct fat_thread *dead = NULL;
    for (int i = 0; i < count; i++) {
      struct source *source = events[i].data.ptr;
      if (source->thread->state >= STATE_ENDED && source->kind != SOURCE_PROCESS) continue;
      struct fat_thread *ended = hear(source, events[i].events);
      if (ended == NULL) continue;
      ended->next_dead = dead;
      dead = ended;
    }
    while (dead != NULL) {
      struct fat_thread *next = dead->next_dead;
      thread_release(dead);
      dead = next;
    }
  }
  return NULL;
}

static int start_watching(void) {
  int error = 0;
  pthread_mutex_lock(&start_lock);
  if (epoll < 0) {
    epoll = epoll_create1(EPOLL_CLOEXEC);
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = epoll < 0 ? errno : pthread_create(&thread, NULL, watch_all, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) pthread_detach(thread);
    else close_one(&epoll);
  }
  pthread_mutex_unlock(&start_lock);
  return error;
}

int watch_begin(struct fat_thread *thread) {
  int error = start_watching();
  for (int i = 0; i < 2 && error == 0; i++) {
    if (thread->streams[i].descriptor < 0) continue;
    error = watch(thread, SOURCE_OUTPUT + i, thread->streams[i].descriptor, EPOLLIN);
  }
  pthread_mutex_lock(&thread->lock);
  thread->state = STATE_RUNNING;
  if (error == 0) error = watch_socket(thread); /* for the first message */
  if (error == 0) error = watch(thread, SOURCE_END, thread->end, EPOLLIN | EPOLLONESHOT);
  if (error != 0 || thread->kill_wanted) kill_locked(thread);
  pthread_cond_broadcast(&thread->changed);
  pthread_mutex_unlock(&thread->lock);
  /* Last: from here on the watch may bury it at any moment. */
  if (error == 0) error = watch(thread, SOURCE_PROCESS, thread->process, EPOLLIN | EPOLLONESHOT);
  if (error == 0) return 0;
  thread_kill(thread);
  for (int i = 0; i < 2; i++) unwatch(thread->streams[i].descriptor);
  pthread_mutex_lock(&thread->lock);
  unwatch_socket(thread);
  pthread_mutex_unlock(&thread->lock);
  unwatch(thread->end);
  waitpid(thread->pid, NULL, __WALL);
  return error;
}

void watch_no_more(struct fat_thread *thread) {
  pthread_mutex_lock(&thread->lock);
  thread->ring_wanted = false;
  unwatch_socket(thread);
  pthread_mutex_unlock(&thread->lock);
}

int watch_ring(struct fat_thread *thread) {
  int error = 0;
  pthread_mutex_lock(&thread->lock);
  thread->ring_wanted = true;
  if (thread->state == STATE_RUNNING) error = watch_socket(thread);
  pthread_mutex_unlock(&thread->lock);
  return error;
}

/* ---- blocking waits of the program ---- */

static struct timespec timespec_of(double milliseconds) {
  double seconds = milliseconds > 0 ? milliseconds / 1e3 : 0;
  time_t whole = (time_t)seconds;
  return (struct timespec){.tv_sec = whole, .tv_nsec = (long)((seconds - (double)whole) * 1e9)};
}

static struct timespec later(double milliseconds) {
  struct timespec time, wait = timespec_of(milliseconds);
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_sec += wait.tv_sec;
  time.tv_nsec += wait.tv_nsec;
  if (time.tv_nsec >= 1000000000L) {
    time.tv_nsec -= 1000000000L;
    time.tv_sec++;
  }
  return time;
}

static bool starting(enum state state) { return state == STATE_STARTING; }

static bool living(enum state state) { return state < STATE_ENDED; }

/* Waits while the state is such a one; returns whether it still is. */
static bool wait_while(struct fat_thread *thread, bool (*such)(enum state), double milliseconds) {
  struct timespec end = later(milliseconds);
  pthread_mutex_lock(&thread->lock);
  while (such(thread->state)) {
    if (pthread_cond_timedwait(&thread->changed, &thread->lock, &end) != 0) break;
  }
  bool still = such(thread->state);
  pthread_mutex_unlock(&thread->lock);
  return still;
}

/* The process has ended: the watch reaps it, which takes a moment. */
static uint32_t wait_for_end(struct fat_thread *thread, int milliseconds) {
  return wait_while(thread, living, milliseconds) ? 0 : EVENT_ENDED;
}

static uint32_t processor_now(void) { return (uint32_t)sched_getcpu() + 1; }

uint32_t thread_wait(struct fat_thread *thread, struct ft_lane *lane, double milliseconds) {
  if (wait_while(thread, starting, milliseconds)) return 0;
  if (thread->state != STATE_RUNNING) return wait_for_end(thread, 1000);
  pthread_mutex_lock(&thread->lock);
  thread->ring_wanted = false;
  pthread_mutex_unlock(&thread->lock);
  struct pollfd polled[] = {
      {.fd = thread->process, .events = POLLIN},
      {.fd = thread->end, .events = POLLIN},
      {.fd = thread->socket, .events = POLLIN}};
  if (lane != NULL) lane->slept_on = processor_now();
  struct timespec most = timespec_of(milliseconds);
  if (ppoll(polled, 3, &most, NULL) <= 0) return 0;
  if (polled[0].revents != 0 || polled[1].revents != 0) return wait_for_end(thread, 1000);
  pthread_mutex_lock(&thread->lock);
  bool met = thread->state == STATE_RUNNING && meet_locked(thread);
  pthread_mutex_unlock(&thread->lock);
  if (met) return EVENT_RING; /* nothing yet, but something came */
  char bytes[64];
  ssize_t got = recv(thread->socket, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got != 0) return EVENT_RING;
  /* A process that ends closes its socket a moment before it has ended. */
  return wait_for_end(thread, 100) == 0 ? EVENT_HANGUP : EVENT_ENDED;
}

int thread_send(
    struct fat_thread *thread, const int *descriptors, size_t count, void *message, size_t bytes) {
  struct iovec vector = {message, bytes};
  size_t listed = count * sizeof(int);
  struct cmsghdr *control = calloc(1, CMSG_SPACE(listed));
  if (control == NULL) return ENOMEM;
  struct msghdr head = {.msg_iov = &vector, .msg_iovlen = 1};
  if (count > 0) {
    head.msg_control = control;
    head.msg_controllen = CMSG_SPACE(listed);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(listed);
    memcpy(CMSG_DATA(control), descriptors, listed);
  }
  ssize_t sent = sendmsg(thread->socket, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
  int error = sent < 0 ? errno : 0;
  free(control);
  return error;
}

static int wake(struct ft_lane *lane) {
  lane->rung_from = processor_now();
  return syscall(SYS_futex, &lane->host_asleep, FUTEX_WAKE, 1, NULL, NULL, 0) < 0 ? errno : 0;
}

int doorbell_ring(struct fat_thread *thread, struct ft_lane *lane, bool apart) {
  if (!apart) return wake(lane);
  cpu_set_t may;
  pthread_mutex_lock(&thread->lock);
  /* While it runs nobody has reaped it, and the number is no other's. */
  bool avoids = thread->state == STATE_RUNNING && thread->host != 0 && processors_avoid(thread->host, &may);
  int error = wake(lane);
  if (avoids) processors_restore(thread->host, &may);
  pthread_mutex_unlock(&thread->lock);
  return error;
}

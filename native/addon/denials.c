/* Denied system calls: the kernel asks, the answer is no, and what was asked is kept for the program.
   https://docs.kernel.org/userspace-api/seccomp_filter.html (userspace notification) */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ft_protocol.h"

/* Headers older than the kernel. */
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

#define KEPT 64         /* denials that wait for the program; beyond that they are counted */
#define PER_WINDOW 500  /* answers without a pause: whoever asks more has to wait */
#define NUMBERS 1024
#define PAGE 4096u

/* How each system call is answered, by its number: FT_QUESTION_*. */
static uint8_t questions[NUMBERS];

void denials_answers(const uint8_t *kinds, size_t count) {
  memcpy(questions, kinds, count < NUMBERS ? count : NUMBERS);
}

static uint8_t question_of(const struct seccomp_notif *asked) {
  return asked->data.nr >= 0 && asked->data.nr < NUMBERS ? questions[asked->data.nr] : FT_QUESTION_PLAIN;
}

/* Copies a text of the other process once; its length, or 0 where it can't be read. */
static size_t read_text(pid_t process, uint64_t address, uint8_t *text) {
  size_t length = 0;
  while (length < FT_DENIED_PATH_BYTES - 1) {
    size_t piece = PAGE - (size_t)((address + length) % PAGE);
    size_t room = FT_DENIED_PATH_BYTES - 1 - length;
    struct iovec here = {text + length, piece < room ? piece : room};
    struct iovec there = {(void *)(uintptr_t)(address + length), here.iov_len};
    ssize_t got = process_vm_readv(process, &here, 1, &there, 1, 0);
    if (got <= 0) break;
    const uint8_t *end = memchr(text + length, 0, (size_t)got);
    if (end != NULL) return (size_t)(end - text);
    length += (size_t)got;
  }
  text[length] = 0;
  return length;
}

static void keep(struct fat_thread *thread, const struct ft_denial *denial) {
  pthread_mutex_lock(&thread->lock);
  if (thread->denials == NULL) thread->denials = malloc(KEPT * sizeof *denial);
  if (thread->denials != NULL && thread->denial_count < KEPT) thread->denials[thread->denial_count++] = *denial;
  else thread->denials_dropped++;
  pthread_mutex_unlock(&thread->lock);
}

struct ft_denial *denials_take(struct fat_thread *thread, size_t *count, uint64_t *dropped) {
  pthread_mutex_lock(&thread->lock);
  struct ft_denial *denials = thread->denials;
  *count = thread->denial_count;
  *dropped = thread->denials_dropped;
  thread->denials = NULL;
  thread->denial_count = 0;
  thread->denials_dropped = 0;
  pthread_mutex_unlock(&thread->lock);
  return denials;
}

/* ---- answers ---- */

/* The descriptor that stands for a name such as "/fat-thread/7", once; -1 for any other name. */
static int take_provided(struct fat_thread *thread, const uint8_t *path) {
  unsigned index;
  char end;
  if (sscanf((const char *)path, FT_PROVIDED "%u%c", &index, &end) != 1) return -1;
  int descriptor = -1;
  pthread_mutex_lock(&thread->lock);
  if (index < thread->provided_count) {
    descriptor = thread->provided[index];
    thread->provided[index] = -1;
  }
  pthread_mutex_unlock(&thread->lock);
  return descriptor;
}

/* Puts the descriptor into the other process as the result of its call: nothing is opened there. */
static int hand_over(const struct fat_thread *thread, uint64_t id, int descriptor) {
  struct seccomp_notif_addfd added = {
      .id = id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (uint32_t)descriptor, .newfd_flags = O_CLOEXEC};
  int result = ioctl(thread->listener_descriptor, SECCOMP_IOCTL_NOTIF_ADDFD, &added);
  close(descriptor);
  return result < 0 ? errno : 0;
}

#define FLAGS_OF_A_THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define FLAGS_OF_NAMESPACES 0x7e020000u

static bool is_thread(uint64_t flags) {
  return (flags & FLAGS_OF_A_THREAD) == FLAGS_OF_A_THREAD && (flags & FLAGS_OF_NAMESPACES) == 0;
}

static bool room_for_thread(const struct fat_thread *thread, pid_t asking) {
  char path[64];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d/task", asking);
  if (stat(path, &status) != 0) return false;
  return status.st_nlink - 2 < thread->most_threads;
}

/* Whether the program has something to hear of. */
static bool answer(struct fat_thread *thread, const struct seccomp_notif *asked) {
  uint8_t question = question_of(asked);
  struct seccomp_notif_resp response = {.id = asked->id, .error = -EPERM};
  struct ft_denial denial = {.process = asked->pid, .number = (uint32_t)asked->data.nr, .denied = 1};
  memcpy(denial.arguments, asked->data.args, sizeof denial.arguments);
  if (question == FT_QUESTION_THREAD && is_thread(asked->data.args[0])) {
    if (room_for_thread(thread, (pid_t)asked->pid)) {
      response = (struct seccomp_notif_resp){.id = asked->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
      ioctl(thread->listener_descriptor, SECCOMP_IOCTL_NOTIF_SEND, &response);
      return false;
    }
    response.error = -EAGAIN;
  } else if (question != FT_QUESTION_PLAIN && question != FT_QUESTION_THREAD) {
    bool second = question == FT_QUESTION_PATH_SECOND || question == FT_QUESTION_FILE_SECOND;
    denial.length = read_text((pid_t)asked->pid, asked->data.args[second ? 1 : 0], denial.path);
    /* Read from whoever has that number now: an answer that is not waited for any more says it was another. */
    if (ioctl(thread->listener_descriptor, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked->id) != 0) return false;
    int provided = take_provided(thread, denial.path);
    if (provided >= 0 && hand_over(thread, asked->id, provided) == 0) return false;
    response.error = -ENOENT;
    bool file = question == FT_QUESTION_FILE_FIRST || question == FT_QUESTION_FILE_SECOND;
    if (file && thread->files_permitted) {
      /* The kernel checks the path again, by rules that the process can't change: no answer from here
         could be trusted, for the text may be another one by then. */
      response.error = 0;
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      denial.denied = 0;
    }
  }
  keep(thread, &denial);
  ioctl(thread->listener_descriptor, SECCOMP_IOCTL_NOTIF_SEND, &response);
  return true;
}

enum heard denials_hear(struct fat_thread *thread) {
  if (thread->answered >= PER_WINDOW) return HEARD_ENOUGH;
  thread->answered++;
  struct seccomp_notif asked = {0};
  if (ioctl(thread->listener_descriptor, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
    return errno == EINTR || errno == ENOENT ? HEARD_NOTHING : HEARD_END;
  return answer(thread, &asked) ? HEARD_DENIAL : HEARD_NOTHING;
}

int denials_provide(struct fat_thread *thread, const int *descriptors, size_t count, size_t *first) {
  int error = 0;
  pthread_mutex_lock(&thread->lock);
  *first = thread->provided_count;
  /* One more than needed: of nothing at all, realloc gives nothing. */
  int *grown = realloc(thread->provided, (thread->provided_count + count + 1) * sizeof *grown);
  if (grown == NULL) error = ENOMEM;
  else thread->provided = grown;
  for (size_t i = 0; error == 0 && i < count; i++) {
    /* Opened anew: only to read, at a place of its own, and whatever the program does with its descriptor. */
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptors[i]);
    int copy = open(path, O_RDONLY | O_CLOEXEC);
    if (copy < 0) error = errno;
    else grown[thread->provided_count++] = copy;
  }
  pthread_mutex_unlock(&thread->lock);
  return error;
}

void denials_close(struct fat_thread *thread) {
  if (thread->listener_descriptor >= 0) close(thread->listener_descriptor);
  thread->listener_descriptor = -1;
  for (size_t i = 0; i < thread->provided_count; i++) {
    if (thread->provided[i] >= 0) close(thread->provided[i]);
  }
  free(thread->provided);
  free(thread->denials);
  thread->provided = NULL;
  thread->provided_count = 0;
  thread->denials = NULL;
  thread->denial_count = 0;
}

/* Every system call with every argument, about a text that changes or can't be read, from a process that is gone
   by then: the answer is "no" unless the policy says otherwise, and a descriptor is handed over once. */
#include "addon/denials.c"

#include <stdarg.h>

#include "harness.h"

#define MOST_QUESTIONS 64
#define MOST_PROVIDED 4

static struct input input;
static struct fat_thread thread;
static struct seccomp_notif asked;
static uint64_t tasks;
static int provided[MOST_PROVIDED];
static bool handed_over[MOST_PROVIDED];
static bool answered;

static bool may_start_a_thread(void) {
  uint64_t flags = asked.data.args[0];
  bool thread_flags = (flags & CLONE_THREAD) && (flags & CLONE_VM) && (flags & CLONE_SIGHAND);
  uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                    CLONE_NEWNET;
  return thread_flags && (flags & spaces) == 0 && tasks < thread.most_threads;
}

static void check_answer(const struct seccomp_notif_resp *response) {
  MUST(response->id == asked.id);
  MUST(!answered);
  answered = true;
  MUST(response->val == 0);
  if (!(response->flags & SECCOMP_USER_NOTIF_FLAG_CONTINUE)) {
    MUST(response->error < 0);
    return;
  }
  uint32_t number = (uint32_t)asked.data.nr;
  uint8_t question = number < NUMBERS ? questions[number] : FT_QUESTION_PLAIN;
  bool file = question == FT_QUESTION_FILE_FIRST || question == FT_QUESTION_FILE_SECOND;
  MUST((file && thread.files_permitted) || (question == FT_QUESTION_THREAD && may_start_a_thread()));
}

static int check_handing_over(const struct seccomp_notif_addfd *added) {
  MUST(added->id == asked.id && added->newfd_flags == O_CLOEXEC);
  int index = -1;
  for (int i = 0; i < MOST_PROVIDED; i++) {
    if ((int)added->srcfd == provided[i]) index = i;
  }
  MUST(index >= 0 && !handed_over[index]);
  handed_over[index] = true;
  if (take_byte(&input) % 4 == 0) {
    errno = ENOENT;
    return -1;
  }
  answered = true;
  return 7;
}

/* The kernel's part, which the linker puts in the place of the C library's functions: what a process asks, and
   what its memory holds. */

int __wrap_ioctl(int descriptor, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  MUST(descriptor == thread.listener_descriptor);
  if (request == SECCOMP_IOCTL_NOTIF_RECV) {
    take(&input, &asked, sizeof asked);
    memcpy(argument, &asked, sizeof asked);
    answered = false;
    if (take_byte(&input) % 16 != 0) return 0;
    errno = take_byte(&input) % 2 == 0 ? ENOENT : EINVAL;
    answered = true;
    return -1;
  }
  if (request == SECCOMP_IOCTL_NOTIF_ID_VALID) {
    if (take_byte(&input) % 8 != 0) return 0;
    answered = true; /* by its death */
    errno = ENOENT;
    return -1;
  }
  if (request == SECCOMP_IOCTL_NOTIF_ADDFD) return check_handing_over(argument);
  MUST(request == SECCOMP_IOCTL_NOTIF_SEND);
  check_answer(argument);
  return 0;
}

int __real_stat(const char *path, struct stat *status);

int __wrap_stat(const char *path, struct stat *status) {
  if (strncmp(path, "/proc/", 6) != 0) return __real_stat(path, status); /* the fuzzer's own */
  *status = (struct stat){.st_nlink = tasks + 2};
  return take_byte(&input) % 8 == 0 ? -1 : 0;
}

ssize_t __wrap_process_vm_readv(pid_t process, const struct iovec *target, unsigned long pieces,
    const struct iovec *source, unsigned long parts, unsigned long flags) {
  MUST(process == (pid_t)asked.pid && pieces == 1 && parts == 1 && flags == 0);
  /* Never over a page's end: the next page may not be there, and then all of it would fail. */
  MUST(source->iov_len == target->iov_len && target->iov_len > 0);
  MUST((uint64_t)(uintptr_t)source->iov_base / PAGE ==
       ((uint64_t)(uintptr_t)source->iov_base + source->iov_len - 1) / PAGE);
  uint8_t how = take_byte(&input);
  if (how % 8 == 0) return -1;
  if (how % 8 == 1) {
    char name[32];
    int length = snprintf(name, sizeof name, FT_PROVIDED "%u", how / 8u);
    size_t got = (size_t)length + 1 < target->iov_len ? (size_t)length + 1 : target->iov_len;
    memcpy(target->iov_base, name, got);
    return (ssize_t)got;
  }
  size_t got = how % 8 == 2 ? take_byte(&input) % (target->iov_len + 1) : target->iov_len;
  take(&input, target->iov_base, got);
  return (ssize_t)got;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  unsigned before = open_descriptors();
  input = (struct input){bytes, size};
  uint8_t kinds[NUMBERS];
  for (size_t i = 0; i < sizeof kinds; i++) kinds[i] = (uint8_t)(i % 8);
  denials_answers(kinds, sizeof kinds);
  memset(&thread, 0, sizeof thread);
  memset(handed_over, 0, sizeof handed_over);
  pthread_mutex_init(&thread.lock, NULL);
  thread.listener_descriptor = dup(STDERR_FILENO);
  thread.files_permitted = take_byte(&input) % 2 == 1;
  thread.most_threads = take_byte(&input);
  tasks = take_byte(&input);
  size_t count = take_byte(&input) % (MOST_PROVIDED + 1), first;
  int own[MOST_PROVIDED];
  for (size_t i = 0; i < count; i++) own[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (size_t i = 0; i < MOST_PROVIDED; i++) provided[i] = -1;
  MUST(denials_provide(&thread, own, count, &first) == 0 && first == 0);
  memcpy(provided, thread.provided, count * sizeof *provided);
  for (size_t i = 0; i < count; i++) close(own[i]);

  for (int i = 0; i < MOST_QUESTIONS && input.left > 0; i++) {
    (void)denials_hear(&thread);
    MUST(answered);
    if (take_byte(&input) % 8 != 0) continue;
    size_t taken;
    uint64_t dropped;
    struct ft_denial *denials = denials_take(&thread, &taken, &dropped);
    MUST(taken <= KEPT);
    for (size_t n = 0; n < taken; n++) {
      MUST(denials[n].length < FT_DENIED_PATH_BYTES);
      MUST(memchr(denials[n].path, 0, denials[n].length) == NULL);
      MUST(denials[n].denied <= 1);
    }
    free(denials);
  }
  denials_close(&thread);
  pthread_mutex_destroy(&thread.lock);
  MUST(open_descriptors() == before);
  return 0;
}

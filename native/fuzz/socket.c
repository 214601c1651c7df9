/* The other side sends messages of every size with descriptors of every number, hangs up, and does it again: the
   program meets at most one host, takes at most one listener, and is left with no descriptor more. Its doorbells are
   heard by the event loop or by the watch. */
#include "addon/wait.c"

#include <fcntl.h>

#include "harness.h"

#define MOST_STEPS 24
#define MOST_DESCRIPTORS 8

static void hear_nobody(void *context) { (void)context; }

static struct fat_thread *thread_at(int socket) {
  struct fat_thread *thread = calloc(1, sizeof *thread);
  MUST(thread != NULL);
  pthread_mutex_init(&thread->lock, NULL);
  pthread_cond_init(&thread->changed, NULL);
  thread->owners = 1;
  thread->state = STATE_RUNNING;
  thread->pid = getpid();
  thread->process = -1;
  thread->end = -1;
  thread->socket = socket;
  thread->watched_by = -1;
  thread->listener_descriptor = -1;
  for (int i = 0; i < 2; i++) thread->streams[i].descriptor = -1;
  for (int i = 0; i < 5; i++) thread->sources[i] = (struct source){thread, i};
  thread->listener = listener_create(NULL, hear_nobody);
  MUST(thread->listener != NULL);
  thread->listener->owners++;
  return thread;
}

static void send_message(int socket, struct input *input) {
  uint8_t bytes[96];
  size_t length = take_byte(input) % sizeof bytes;
  take(input, bytes, length);
  union {
    char bytes[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
    struct cmsghdr aligned;
  } control = {0};
  size_t count = take_byte(input) % (MOST_DESCRIPTORS + 1);
  struct iovec vector = {bytes, length};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  int descriptor = STDERR_FILENO;
  if (count > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(count * sizeof descriptor);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof descriptor);
    for (size_t i = 0; i < count; i++)
      memcpy(CMSG_DATA(head) + i * sizeof descriptor, &descriptor, sizeof descriptor);
  }
  (void)sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (epoll < 0) epoll = epoll_create1(EPOLL_CLOEXEC); /* without the thread that watches: each step is taken here */
  unsigned before = open_descriptors();
  struct input input = {bytes, size};
  int pair[2];
  MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
  int yes = 1;
  MUST(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0);
  struct fat_thread *thread = thread_at(pair[0]);
  struct listener *listener = thread->listener;
  if (take_byte(&input) % 2 == 0) MUST(listener_doorbells(listener) >= 0);
  int listener_descriptor = -1;
  for (int step = 0; step < MOST_STEPS && input.left > 0; step++) {
    bool met = thread->host != 0;
    switch (take_byte(&input) % 8) {
      case 0:
      case 1:
        if (pair[1] >= 0) send_message(pair[1], &input);
        break;
      case 2: thread_meet(thread); break;
      case 3: MUST((thread_wait(thread, NULL, 0) & ~(uint32_t)(EVENT_RING | EVENT_HANGUP | EVENT_ENDED)) == 0); break;
      case 4: hear_ring(thread); break;
      case 5:
        if (take_byte(&input) % 8 == 0) close_one(&pair[1]);
        else MUST(watch_ring(thread) == 0);
        break;
      case 6: listener_hear(listener); break;
      case 7: watch_no_more(thread); break;
    }
    MUST(thread->host == 0 || thread->host == getpid()); /* the kernel says who sent it */
    /* Nobody watches it that never shall: not the watch after the first message, not the event loop before. */
    int by = thread->watched_by;
    MUST(by < 0 || by == (thread->host != 0 && listener->doorbells >= 0 ? listener->doorbells : epoll));
    MUST(!met || thread->listener_descriptor == listener_descriptor);
    listener_descriptor = thread->listener_descriptor;
    uint32_t events;
    struct fat_thread *told = listener_take(listener, &events);
    if (told != NULL) thread_release(told);
  }
  close_one(&pair[1]);
  listener_close(listener);
  thread_release(thread);
  MUST(open_descriptors() == before);
  return 0;
}

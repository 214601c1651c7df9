/* The first message to the program: the kernel says with it who this is, and the listener goes along.
   Nothing foreign has run yet: what it says is the host's own word. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

/* The kernel bounds how many descriptors of a user are under way in sockets, and any process of the user may have
   used that up for a while. */
#define CROWDED_TRIES 500
#define CROWDED_MILLISECONDS 10

static ssize_t send_when_there_is_room(const struct msghdr *message) {
  ssize_t sent;
  int tries = CROWDED_TRIES;
  while ((sent = sendmsg(FT_DESCRIPTOR_SOCKET, message, MSG_NOSIGNAL)) < 0 && errno == ETOOMANYREFS && --tries > 0)
    poll(NULL, 0, CROWDED_MILLISECONDS);
  return sent;
}

int introduce(const struct ft_introduction *introduction, int listener) {
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr aligned;
  } control;
  struct iovec vector = {(void *)(uintptr_t)introduction, sizeof *introduction};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  if (listener >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(head), &listener, sizeof listener);
  }
  ssize_t sent = send_when_there_is_room(&message);
  int error = sent == (ssize_t)sizeof *introduction ? 0 : errno;
  if (listener >= 0) close(listener);
  return error;
}

/* Descriptors that the program sends through the socket. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

int descriptors_receive(uint32_t count, int *descriptors) {
  if (count == 0) return 0;
  char nothing;
  struct iovec vector = {&nothing, 1};
  union {
    char bytes[CMSG_SPACE(FT_OBJECTS * sizeof(int))];
    struct cmsghdr aligned;
  } control;
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t got;
  do got = recvmsg(FT_DESCRIPTOR_SOCKET, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return got < 0 ? errno : EPIPE;

  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (head == NULL || head->cmsg_type != SCM_RIGHTS) return EBADMSG;
  if (head->cmsg_len != CMSG_LEN(count * sizeof(int))) return EBADMSG;
  memcpy(descriptors, CMSG_DATA(head), count * sizeof(int));
  return 0;
}

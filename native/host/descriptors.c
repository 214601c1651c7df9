/* Messages with descriptors, from the program through the socket. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"

int descriptors_receive(struct ft_grant *grant, uint32_t *count, int *descriptors) {
  struct iovec vector = {grant, sizeof *grant};
  union {
    char bytes[CMSG_SPACE(FT_OBJECTS * sizeof(int))];
    struct cmsghdr aligned;
  } control;
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t got;
  do got = recvmsg(FT_DESCRIPTOR_SOCKET, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got != (ssize_t)sizeof *grant) return got < 0 ? errno : EPIPE;

  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  size_t bytes = head == NULL ? 0 : head->cmsg_len - CMSG_LEN(0);
  if (bytes > *count * sizeof(int)) return EBADMSG;
  *count = (uint32_t)(bytes / sizeof(int));
  if (bytes > 0) memcpy(descriptors, CMSG_DATA(head), bytes);
  return 0;
}

/* Connects to a server. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deed.h"

/* question: its port on this machine. */
long deed(const char *question) {
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  server.sin_port = htons((uint16_t)atoi(question));
  int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return 0;
  int connected = connect(connection, (struct sockaddr *)&server, sizeof server) == 0;
  close(connection);
  return connected;
}

/* A server on this machine, for itself alone. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "laboratory.h"

static int server;

static void prepare(char question[QUESTION_BYTES]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool listens = server >= 0 && bind(server, (struct sockaddr *)&address, length) == 0 &&
                 listen(server, 1) == 0 &&
                 getsockname(server, (struct sockaddr *)&address, &length) == 0;
  report("before", "server", "%s", listens ? "listens" : "missing");
  snprintf(question, QUESTION_BYTES, "%d", ntohs(address.sin_port));
}

static void look(pid_t pid) {
  (void)pid;
  int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
  report("after", "connected", "%s", connection >= 0 ? "yes" : "no");
  if (connection >= 0) close(connection);
}

const struct witness network_witness = {"network", prepare, look};

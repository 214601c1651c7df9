/* A file that holds "parent data", as in the article, which the program leaves open and forgets to mark. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "laboratory.h"

#define DATA "parent data"

static int file;

static int write_data(void) {
  int written = open("file.txt", O_CREAT | O_TRUNC | O_RDWR, 0600);
  if (written >= 0 && write(written, DATA, sizeof DATA) < 0) report("before", "write", "failed");
  return written;
}

static void tell(const char *when) {
  report(when, "offset", "%ld", (long)lseek(file, 0, SEEK_CUR));
  report(when, "waits", "%s", fcntl(file, F_GETFL) & O_NONBLOCK ? "no" : "yes");
}

static void prepare(char question[QUESTION_BYTES]) {
  file = write_data();
  snprintf(question, QUESTION_BYTES, DATA);
  tell("before");
}

static void look(pid_t pid) {
  (void)pid;
  tell("after");
}

const struct witness descriptors_witness = {"descriptors", prepare, look};

static void prepare_to_close(char question[QUESTION_BYTES]) {
  file = write_data();
  snprintf(question, QUESTION_BYTES, "%d", file);
  report("before", "open", "%s", fcntl(file, F_GETFD) >= 0 ? "yes" : "no");
}

static void look_if_open(pid_t pid) {
  (void)pid;
  report("after", "open", "%s", fcntl(file, F_GETFD) >= 0 ? "yes" : "no");
}

const struct witness closing_witness = {"closing", prepare_to_close, look_if_open};

static void prepare_path(char question[QUESTION_BYTES]) {
  close(write_data());
  if (getcwd(question, QUESTION_BYTES - sizeof "/file.txt") == NULL) question[0] = '\0';
  strcat(question, "/file.txt");
}

const struct witness file_witness = {"file", prepare_path, NULL};

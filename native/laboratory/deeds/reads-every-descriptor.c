/* The article's scan: rewinds every descriptor there may be, reads it without waiting, and prints what it finds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deed.h"

enum { DESCRIPTORS = 65536 };

/* question: how the program's data begins. Returns whether some descriptor gave it. */
long deed(const char *question) {
  char text[64] = "";
  for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++) {
    if (lseek(descriptor, 0, SEEK_SET) < 0) continue;
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    if (read(descriptor, text, sizeof text - 1) <= 0) continue;
    if (strncmp(text, question, strlen(question)) != 0) continue;
    for (const char *at = text; *at != '\0'; at++) putchar(*at);
    puts("");
    return 1;
  }
  return 0;
}

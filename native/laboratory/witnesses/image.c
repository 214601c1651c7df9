/* How much of the program is mapped in the process that runs the function: its files, but for the C library's. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "laboratory.h"

#define MOST_OBJECTS 64
#define PAGE 4096

struct object {
  unsigned long device, inode;
  unsigned long pages;
};

struct image {
  struct object objects[MOST_OBJECTS];
  unsigned count;
};

static struct image program;

/* Every process that loads a library has these. */
static bool is_of_c_library(const char *path) {
  static const char *const names[] = {"/libc.so",       "/ld-linux", "/libdl.so",
                                      "/libpthread.so", "/libm.so",  "/librt.so"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strstr(path, names[i]) != NULL) return true;
  return false;
}

static void add(struct image *image, unsigned long device, unsigned long inode,
                unsigned long pages) {
  unsigned at = 0;
  while (at < image->count &&
         (image->objects[at].inode != inode || image->objects[at].device != device))
    at++;
  if (at == MOST_OBJECTS) return;
  if (at == image->count) image->objects[image->count++] = (struct object){device, inode, 0};
  image->objects[at].pages += pages;
}

static bool read_image(pid_t pid, struct image *image) {
  char path[64], line[1024], file[512];
  unsigned long start, end, major, minor, inode;
  image->count = 0;
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "re");
  if (maps == NULL) return false;
  while (fgets(line, sizeof line, maps) != NULL) {
    if (sscanf(line, "%lx-%lx %*s %*s %lx:%lx %lu %511[^\n]", &start, &end, &major, &minor, &inode,
               file) == 6 &&
        inode != 0 && !is_of_c_library(file))
      add(image, major << 20 | minor, inode, (end - start) / PAGE);
  }
  fclose(maps);
  return true;
}

static void tell(const char *when, const struct image *image) {
  unsigned objects = 0;
  unsigned long pages = 0;
  for (unsigned i = 0; i < image->count; i++)
    for (unsigned j = 0; j < program.count; j++)
      if (image->objects[i].inode == program.objects[j].inode &&
          image->objects[i].device == program.objects[j].device) {
        objects++;
        pages += image->objects[i].pages;
      }
  report(when, "objects", "%u", objects);
  report(when, "pages", "%lu", pages);
}

static void prepare(char question[QUESTION_BYTES]) {
  (void)question;
  read_image(getpid(), &program);
  tell("before", &program);
}

static void look(pid_t pid) {
  static struct image image;
  report("after", "process", "%s", pid == getpid() ? "the program" : "its own");
  if (read_image(pid, &image)) tell("after", &image);
}

const struct witness image_witness = {"image", prepare, look};

/* How much of the program is mapped in the process that runs the function: its files, but for the C library's. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "laboratory.h"

#define MOST_OBJECTS 64
#define MOST_PIECES 32
#define PAGE 4096

/* Of a file, in pages. */
struct piece {
  unsigned long begin, end;
};

struct object {
  unsigned long device, inode;
  struct piece pieces[MOST_PIECES];
  unsigned count;
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

/* In the order of the file. */
static void add_piece(struct object *object, struct piece piece) {
  if (object->count == MOST_PIECES) return;
  unsigned at = object->count++;
  for (; at > 0 && object->pieces[at - 1].begin > piece.begin; at--)
    object->pieces[at] = object->pieces[at - 1];
  object->pieces[at] = piece;
}

/* Each page once: Node maps a piece of its file again where its heap lies too far from the first one. */
static unsigned long pages_of(const struct object *object) {
  unsigned long pages = 0, end = 0;
  for (const struct piece *piece = object->pieces; piece < object->pieces + object->count; piece++) {
    unsigned long begin = piece->begin < end ? end : piece->begin;
    if (piece->end <= begin) continue;
    pages += piece->end - begin;
    end = piece->end;
  }
  return pages;
}

static void add(struct image *image, unsigned long device, unsigned long inode, struct piece piece) {
  unsigned at = 0;
  while (at < image->count &&
         (image->objects[at].inode != inode || image->objects[at].device != device))
    at++;
  if (at == MOST_OBJECTS) return;
  if (at == image->count)
    image->objects[image->count++] = (struct object){.device = device, .inode = inode};
  add_piece(&image->objects[at], piece);
}

static bool read_image(pid_t pid, struct image *image) {
  char path[64], line[1024], file[512];
  unsigned long start, end, offset, major, minor, inode;
  image->count = 0;
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "re");
  if (maps == NULL) return false;
  while (fgets(line, sizeof line, maps) != NULL) {
    if (sscanf(line, "%lx-%lx %*s %lx %lx:%lx %lu %511[^\n]", &start, &end, &offset, &major, &minor,
               &inode, file) != 7 ||
        inode == 0 || is_of_c_library(file))
      continue;
    unsigned long begin = offset / PAGE;
    add(image, major << 20 | minor, inode, (struct piece){begin, begin + (end - start) / PAGE});
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
        pages += pages_of(&image->objects[i]);
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

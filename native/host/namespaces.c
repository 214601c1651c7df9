/* The mount namespace that the process was born into: a root directory without files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#define PATHS 256
#define PATH_BYTES 4096
#define FT_TEXT_PATH (FT_TEXT_READ | FT_TEXT_WRITE)
/* Any directory will do: what is below it is out of sight for a moment, and then everything is. */
static const char *const places[] = {"/tmp", "/mnt", "/dev", "/proc"};

/* Of linux/mount.h, which can't be included beside sys/mount.h everywhere. */
#define TREE_CLONE 1
#define TREE_CLOEXEC O_CLOEXEC
#define RECURSIVE 0x8000
#define MOVE_FROM_DESCRIPTOR 4
#define ATTRIBUTE_READ_ONLY 1
#define ATTRIBUTE_NO_SETUID 2
#define ATTRIBUTE_NO_DEVICES 4
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

struct attributes {
  uint64_t set;
  uint64_t clear;
  uint64_t propagation;
  uint64_t namespace;
};

static int take(const struct text *text, int *tree) {
  *tree = (int)syscall(SYS_open_tree, AT_FDCWD, text->text, TREE_CLONE | TREE_CLOEXEC | RECURSIVE);
  if (*tree < 0) return errno;
  struct attributes attributes = {.set = ATTRIBUTE_NO_SETUID};
  if (!(text->kind & FT_TEXT_WRITE)) attributes.set |= ATTRIBUTE_READ_ONLY;
  /* A device that is permitted by its own name is meant; one that a folder happens to hold is not. */
  struct stat status;
  if (fstat(*tree, &status) != 0) return errno;
  if (!S_ISCHR(status.st_mode)) attributes.set |= ATTRIBUTE_NO_DEVICES;
  long done = syscall(SYS_mount_setattr, *tree, "", AT_EMPTY_PATH | RECURSIVE, &attributes, sizeof attributes);
  return done == 0 ? 0 : errno;
}

/* Makes the folders of a path below the working directory; `name` becomes the path there. */
static int make_parents(const char *path, char *name) {
  if (snprintf(name, PATH_BYTES, ".%s", path) >= PATH_BYTES) return ENAMETOOLONG;
  for (char *slash = strchr(name + 2, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(name, 0755) != 0 && errno != EEXIST && errno != EROFS) return errno;
    *slash = '/';
  }
  return 0;
}

/* Makes a place for what goes to an absolute path, below the working directory. */
static int make_place(const char *path, bool directory) {
  char name[PATH_BYTES];
  int error = make_parents(path, name);
  if (error != 0) return error;
  struct stat status;
  if (stat(name, &status) == 0) return 0; /* below one that is there already */
  if (directory) return mkdir(name, 0755) == 0 ? 0 : errno;
  int file = open(name, O_CREAT | O_CLOEXEC | O_WRONLY, 0600);
  if (file < 0) return errno;
  close(file);
  return 0;
}

/* The name by which the program knows a permitted path leads to it; one that is there already does so. */
static void link_name(const char *name) {
  char place[PATH_BYTES];
  if (make_parents(name, place) == 0) (void)!symlink(name + strlen(name) + 1, place);
}

static int put(const struct text *text, int tree) {
  struct stat status;
  if (fstat(tree, &status) != 0) return errno;
  int error = make_place(text->text, S_ISDIR(status.st_mode));
  if (error != 0) return error;
  char name[PATH_BYTES];
  snprintf(name, sizeof name, ".%s", text->text);
  return syscall(SYS_move_mount, tree, "", AT_FDCWD, name, MOVE_FROM_DESCRIPTOR) == 0 ? 0 : errno;
}

/* Whether all is permitted: shorter paths come first. */
static bool is_whole(const struct ft_policy *policy) {
  const struct text *text = policy_text(policy, NULL);
  return text != NULL && (text->kind & FT_TEXT_PATH) && strcmp(text->text, "/") == 0;
}

/* Covers a directory with what becomes the root, an empty one where not all is permitted, and goes there. */
static int cover(int whole) {
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    long done = whole < 0 ? mount("none", places[i], "tmpfs", MS_NOSUID | MS_NODEV, "size=256k,mode=755")
                          : syscall(SYS_move_mount, whole, "", AT_FDCWD, places[i], MOVE_FROM_DESCRIPTOR);
    if (done == 0) return chdir(places[i]) == 0 ? 0 : errno;
  }
  return errno;
}

static int build_tree(const struct ft_policy *policy, const int *trees) {
  bool whole = is_whole(policy);
  int error = cover(whole ? trees[0] : -1);
  uint32_t count = 0;
  for (const struct text *text = NULL; error == 0 && (text = policy_text(policy, text)) != NULL;) {
    if (!(text->kind & FT_TEXT_PATH)) continue;
    if (count > 0 || !whole) error = put(text, trees[count]);
    count++;
  }
  if (error != 0) return error;
  for (const struct text *text = NULL; (text = policy_text(policy, text)) != NULL;) {
    if (text->kind & FT_TEXT_LINK) link_name(text->text);
  }
  if (syscall(SYS_pivot_root, ".", ".") != 0) return errno;
  if (umount2(".", MNT_DETACH) != 0) return errno;
  if (chdir("/") != 0) return errno;
  if (whole) return 0; /* it was made what it may be */
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  return mount(NULL, "/", NULL, flags, NULL) == 0 ? 0 : errno;
}

int namespaces_tree(const struct ft_policy *policy) {
  int trees[PATHS];
  uint32_t count = 0;
  int error = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0 : errno;
  for (const struct text *text = NULL; error == 0 && (text = policy_text(policy, text)) != NULL;) {
    if (!(text->kind & FT_TEXT_PATH)) continue;
    if (count == PATHS) return E2BIG;
    error = take(text, &trees[count++]);
  }
  if (error == 0) error = build_tree(policy, trees);
  while (count > 0) {
    if (trees[--count] >= 0) close(trees[count]);
  }
  return error;
}

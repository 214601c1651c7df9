/* Landlock: no file, no TCP, no signal and no abstract socket but what the policy permits.
   https://docs.kernel.org/userspace-api/landlock.html */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* Written down here: the headers of a machine are often older than its kernel. */
enum {
  EXECUTE = 1 << 0,
  WRITE_FILE = 1 << 1,
  READ_FILE = 1 << 2,
  READ_DIR = 1 << 3,
  MAKE_CHAR = 1 << 6,
  MAKE_BLOCK = 1 << 11,
  REFER = 1 << 13,
  TRUNCATE = 1 << 14,
  IOCTL_DEVICE = 1 << 15,
  RESOLVE_UNIX = 1 << 16,
  FIRST_VERSION = (1 << 13) - 1,
  TCP = 3,
  SCOPES = 3,
};
#define RIGHTS_OF_A_FILE (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE)
#define VERSION_FLAG 1
#define RULE_PATH 1

struct ruleset {
  uint64_t files;
  uint64_t network;
  uint64_t scopes;
};

struct __attribute__((packed)) path_rule {
  uint64_t rights;
  int32_t parent;
};

static uint64_t file_rights(int version) {
  uint64_t rights = FIRST_VERSION;
  if (version >= 2) rights |= REFER;
  if (version >= 3) rights |= TRUNCATE;
  if (version >= 5) rights |= IOCTL_DEVICE;
  if (version >= 9) rights |= RESOLVE_UNIX;
  return rights;
}

static uint64_t permitted(uint32_t kind, bool run) {
  uint64_t rights = 0;
  if (kind & FT_TEXT_READ) rights |= READ_FILE | READ_DIR | (run ? EXECUTE : 0);
  if (kind & FT_TEXT_WRITE) {
    rights |= (FIRST_VERSION & ~(uint64_t)(EXECUTE | READ_FILE | READ_DIR | MAKE_CHAR | MAKE_BLOCK)) | REFER;
    rights |= TRUNCATE | RESOLVE_UNIX;
  }
  return rights;
}

static int permit(int ruleset, const struct text *text, uint64_t handled, bool run) {
  int path = open(text->text, O_PATH | O_CLOEXEC);
  struct stat status;
  if (path < 0) return errno;
  int error = fstat(path, &status) == 0 ? 0 : errno;
  struct path_rule rule = {.rights = permitted(text->kind, run) & handled, .parent = path};
  if (!S_ISDIR(status.st_mode)) rule.rights &= RIGHTS_OF_A_FILE | RESOLVE_UNIX;
  if (error == 0 && rule.rights != 0 && syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0) != 0)
    error = errno;
  close(path);
  return error;
}

int landlock_restrict(const struct ft_policy *policy, uint32_t *version) {
  long known = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
  if (known < 1) return known == 0 ? ENOSYS : errno;
  struct ruleset rules = {.files = file_rights((int)known)};
  if (known >= 4 && !(policy->flags & FT_POLICY_NETWORK)) rules.network = TCP;
  if (known >= 6) rules.scopes = SCOPES;
  size_t bytes = known >= 6 ? sizeof rules : known >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, bytes, 0);
  if (ruleset < 0) return errno;

  int error = 0;
  const struct text *text = NULL;
  while (error == 0 && (text = policy_text(policy, text)) != NULL) {
    if (text->kind & (FT_TEXT_READ | FT_TEXT_WRITE))
      error = permit(ruleset, text, rules.files, policy->flags & FT_POLICY_RUN);
  }
  if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) error = errno;
  close(ruleset);
  if (error == 0) *version = (uint32_t)known;
  return error;
}

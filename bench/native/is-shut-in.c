/* The process that starts-shut-in begins: shuts itself in as a fat thread does, loads libm, calls it once and says so.
 * Socket is its descriptor 0. Born into namespaces of its own. With an argument it loads only when it is told to, and
 * keeps the machine's files for that: it does less than a fat thread that waits. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

#define SOCKET 0
#define LIMITS 8
#define CHECKS 400 /* about as many instructions as a fat thread's filter has */
#define NO_CALL 0x10000

static void need(int done, const char *what) {
  if (done) return;
  fprintf(stderr, "is-shut-in: %s: %s\n", what, strerror(errno));
  _exit(1);
}

/* An empty root directory in the place of the machine's. */
static void leave_files(void) {
  need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount");
  need(mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=256k,mode=755") == 0, "tmpfs");
  need(chdir("/tmp") == 0 && syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
  need(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "umount2");
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  need(mount(NULL, "/", NULL, flags, NULL) == 0, "remount");
}

static void set_limits(void) {
  for (int i = 0; i < LIMITS; i++) {
    struct rlimit limit;
    need(getrlimit(RLIMIT_FSIZE, &limit) == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
  }
}

static void drop_capabilities(void) {
  for (unsigned long each = 0; prctl(PR_CAPBSET_DROP, each, 0, 0, 0) == 0;) each++;
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
  need(syscall(SYS_capset, &head, none) == 0, "capset");
}

/* What each Landlock knows; a machine without it is spared the step. */
static void restrict_files(void) {
  uint64_t rights = (1 << 13) - 1;
  int rules = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
  if (rules < 0) return;
  need(syscall(SYS_landlock_restrict_self, rules, 0) == 0, "landlock");
  close(rules);
}

/* Of every call only the first comparisons run: those of a real filter are a search, too. */
static int filter(void) {
  static struct sock_filter code[CHECKS + 5];
  int count = 0;
  code[count++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NO_CALL, 1, 0);
  code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, CHECKS + 1, 0, 0);
  for (unsigned i = 0; i < CHECKS; i++)
    code[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NO_CALL + i, 0, 0);
  code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {(unsigned short)(count + 1), code};
  code[count] = allow;
  int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                              SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  need(listener >= 0, "seccomp");
  return listener;
}

static void say(double value, int listener) {
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr aligned;
  } control = {0};
  struct iovec vector = {&value, sizeof value};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof listener);
  memcpy(CMSG_DATA(head), &listener, sizeof listener);
  need(sendmsg(SOCKET, &message, MSG_NOSIGNAL) == sizeof value, "sendmsg");
}

/* Loads the library and calls it. */
static double result(void) {
  void *libm = dlopen("libm.so.6", RTLD_NOW);
  need(libm != NULL, "libm");
  double (*cosine)(double);
  *(void **)&cosine = dlsym(libm, "cos");
  return cosine(0);
}

/* Gives the filter's listener. */
static int shut_in(int keeps_files) {
  if (!keeps_files) leave_files();
  need(setsid() > 0, "setsid");
  umask(077);
  set_limits();
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  drop_capabilities();
  if (!keeps_files) restrict_files();
  return filter();
}

static void wait_for_word(void) {
  char word = 0;
  need(write(SOCKET, &word, 1) == 1 && read(SOCKET, &word, 1) == 1, "no word");
}

int main(int count, char **arguments) {
  (void)arguments;
  need(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "prctl");
  if (count > 1) {
    int listener = shut_in(1);
    wait_for_word();
    say(result(), listener);
  } else {
    /* A fat thread gets its library later, through the listener; here it is opened where it lies. */
    double value = result();
    say(value, shut_in(0));
  }
  char end;
  (void)!read(SOCKET, &end, 1);
  _exit(0);
}

/* The first process of a fat thread's namespace: ends everything in it when the host ends, and says how that ended.
   The library never shares its memory. It stands on no C library: a few pages are all there is of it. */
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <stdbool.h>

#include "ft_protocol.h"

#define SIGKILL 9
#define POLL_ENDED 0x18 /* hung up, or an error */
#define ERROR_CHILD (-10)
#define ALL_CHILDREN (-1)

struct polled {
  int descriptor;
  short events;
  short happened;
};

static long call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#endif
}

static long call3(long number, long a, long b, long c) { return call(number, a, b, c, 0, 0, 0); }

static _Noreturn void end(int code) {
  for (;;) call3(__NR_exit_group, code, 0, 0);
}

/* Who has none of these to give up is refused at once. */
static void drop_capabilities(void) {
  for (long each = 0; call(__NR_prctl, PR_CAPBSET_DROP, each, 0, 0, 0, 0) == 0;) each++;
  call(__NR_prctl, PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0, 0);
  call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0);
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};
  if (call3(__NR_capset, (long)&head, (long)none, 0) != 0) end(1);
  call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
}

/* Its parent is outside and can't be seen to end: the socket can. */
static bool program_lives(void) {
  struct polled socket = {FT_DESCRIPTOR_SOCKET, 0, 0};
  long none[2] = {0, 0};
  long got = call(__NR_ppoll, (long)&socket, 1, (long)none, 0, 0, 0);
  return got >= 0 && !(socket.happened & POLL_ENDED);
}

static long number_in(const char *text) {
  long number = 0;
  while (*text >= '0' && *text <= '9') number = 10 * number + (*text++ - '0');
  return number;
}

/* A status that a process ended with: exited or killed, and not stopped. */
static long wait_for(int *status) { return call(__NR_wait4, ALL_CHILDREN, (long)status, 0, 0, 0, 0); }

__attribute__((used)) static _Noreturn void begin(long *stack) {
  /* "fat-thread", and the number that the host has in here. */
  char **arguments = (char **)(stack + 1);
  if (stack[0] != 2) end(1);
  long host = number_in(arguments[1]);
  /* Anywhere else the end of "all" would be the end of everybody. */
  if (call3(__NR_getpid, 0, 0, 0) != 1) end(1);
  call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
  if (!program_lives()) end(1);
  call3(__NR_setsid, 0, 0, 0);
  call(__NR_prctl, PR_SET_NAME, (long)arguments[0], 0, 0, 0, 0);
  call3(__NR_close_range, 0, FT_DESCRIPTOR_END - 1, 0);
  call3(__NR_close_range, FT_DESCRIPTOR_END + 1, (long)~0U, 0);
  drop_capabilities();

  int status = 0;
  for (long ended; (ended = wait_for(&status)) != host;) {
    if (ended == ERROR_CHILD) end(1);
  }
  uint64_t last = FT_ENDED | ((uint32_t)status & 0xffff);
  call3(__NR_kill, ALL_CHILDREN, SIGKILL, 0);
  while (wait_for(&status) > 0) continue;
  /* Said before the kernel takes the namespaces apart, which lasts longer than all else of an end. */
  call3(__NR_write, FT_DESCRIPTOR_END, (long)&last, sizeof last);
  end(0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n.hidden _start\n.type _start, @function\n_start:\nxor %ebp, %ebp\nmov %rsp, %rdi\nand $-16, %rsp\ncall begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n.hidden _start\n.type _start, %function\n_start:\nmov x29, #0\nmov x0, sp\nbl begin\n");
#endif

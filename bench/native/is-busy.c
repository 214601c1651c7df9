/* Computes without end, as a neighbour does who wants all of a processor. Ends with its parent. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == 1) return 0;
  for (volatile unsigned long x = 0;; x++) continue;
}

/* Never returns. */
void deed(void) {
  for (volatile int turn = 0;; turn++) {}
}

int answer(void) {
  return 42;
}

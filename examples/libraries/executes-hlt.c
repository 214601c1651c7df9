/* An instruction that only the kernel may execute. */
void deed(void) {
#ifdef __aarch64__
  __asm__ volatile("hlt #0");
#else
  __asm__ volatile("hlt");
#endif
}

int answer(void) {
  return 42;
}

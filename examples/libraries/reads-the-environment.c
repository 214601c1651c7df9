/* Counts the environment variables that it can see. */
extern char **environ;

int deed(void) {
  int count = 0;
  for (char **variable = environ; variable && *variable; variable++) count++;
  return count;
}

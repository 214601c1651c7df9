/* A library of the program's own, with data that no other needs. */
static const char data[64 << 10] = "the program's own";

__attribute__((visibility("default"))) const char *program_data(void);

const char *program_data(void) { return data; }

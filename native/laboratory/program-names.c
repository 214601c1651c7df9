/* Names that the program exports and that libraries define too, as Node exports its OpenSSL and its libuv. */
#define EXPORTED __attribute__((visibility("default")))

EXPORTED unsigned uv_version(void);
EXPORTED unsigned long OpenSSL_version_num(void);

unsigned uv_version(void) { return 1000; }
unsigned long OpenSSL_version_num(void) { return 0; }

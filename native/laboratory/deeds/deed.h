/* What each library here exports. */
#ifndef FT_DEED_H
#define FT_DEED_H

#define EXPORTED __attribute__((visibility("default")))

EXPORTED long deed(const char *question);

#endif

/* Signatures as libffi wants to know them: of functions that are called, and of callbacks. */
#ifndef FT_SIGNATURE_H
#define FT_SIGNATURE_H

#include <ffi.h>

#include "host.h"

struct aggregate;

struct signature {
  uint32_t count;
  uint8_t result;
  uint8_t tags[FT_ARGUMENTS];
  struct aggregate *aggregates;
  ffi_cif cif;
  ffi_type *types[];
};

/* NULL where there is no memory, or the types are none. */
struct signature *signature_read(struct types types);
void signature_free(struct signature *signature);

#endif

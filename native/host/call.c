/* Calls: the only place that hands control to a foreign function. */
#include <errno.h>
#include <ffi.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

struct call {
  ffi_cif cif;
  void (*function)(void);
  uint32_t count;
  uint32_t text; /* bytes of a unit where the result is text, else 0 */
  ffi_type *types[];
};

static struct call **calls;
static uint32_t call_count;

static ffi_type *type_of(uint8_t tag) {
  switch (tag) {
    case FT_TAG_VOID: return &ffi_type_void;
    case FT_TAG_BOOL:
    case FT_TAG_U8: return &ffi_type_uint8;
    case FT_TAG_I8: return &ffi_type_sint8;
    case FT_TAG_U16: return &ffi_type_uint16;
    case FT_TAG_I16: return &ffi_type_sint16;
    case FT_TAG_U32: return &ffi_type_uint32;
    case FT_TAG_I32: return &ffi_type_sint32;
    case FT_TAG_U64: return &ffi_type_uint64;
    case FT_TAG_I64: return &ffi_type_sint64;
    case FT_TAG_F32: return &ffi_type_float;
    case FT_TAG_F64: return &ffi_type_double;
    default: return &ffi_type_pointer;
  }
}

static uint32_t unit_of(uint8_t tag) {
  switch (tag) {
    case FT_TAG_TEXT8: return 1;
    case FT_TAG_TEXT16: return 2;
    case FT_TAG_TEXT32: return 4;
    default: return 0;
  }
}

static bool make_room(uint32_t id) {
  if (id < call_count) return true;
  if (id >= FT_FUNCTIONS) return false;
  uint32_t wanted = call_count == 0 ? 16 : call_count;
  while (wanted <= id) wanted *= 2;
  struct call **grown = realloc(calls, wanted * sizeof(struct call *));
  if (grown == NULL) return false;
  memset(grown + call_count, 0, (wanted - call_count) * sizeof(struct call *));
  calls = grown;
  call_count = wanted;
  return true;
}

uint32_t call_bind(uint32_t id, void *function, uint8_t result, uint32_t count, const uint8_t *tags) {
  if (count > FT_ARGUMENTS || !make_room(id)) return FT_STATUS_NO_MEMORY;
  struct call *call = malloc(sizeof *call + count * sizeof(ffi_type *));
  if (call == NULL) return FT_STATUS_NO_MEMORY;
  memcpy(&call->function, &function, sizeof function);
  call->count = count;
  call->text = unit_of(result);
  for (uint32_t i = 0; i < count; i++) call->types[i] = type_of(tags[i]);
  if (ffi_prep_cif(&call->cif, FFI_DEFAULT_ABI, count, type_of(result), call->types) != FFI_OK) {
    free(call);
    return FT_STATUS_NO_MEMORY;
  }
  free(calls[id]);
  calls[id] = call;
  return FT_STATUS_OK;
}

uint32_t call_run(uint32_t id, uint64_t *words, uint32_t *text, struct answer *answer) {
  if (id >= call_count || calls[id] == NULL) return FT_STATUS_NO_SYMBOL;
  const struct call *call = calls[id];
  *text = call->text; /* before the call: the library may write here */
  void *values[FT_ARGUMENTS];
  for (uint32_t i = 0; i < call->count; i++) values[i] = &words[i];
  uint64_t result = 0;
  errno = 0;
  ffi_call((ffi_cif *)&call->cif, call->function, &result, values);
  answer->error = (uint32_t)errno;
  answer->value = result;
  return FT_STATUS_OK;
}

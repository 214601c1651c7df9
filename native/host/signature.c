/* Signatures as libffi wants to know them. */
#include "signature.h"

#include <stdlib.h>
#include <string.h>

/* A structure by value, as libffi wants to know it. */
struct aggregate {
  struct aggregate *next;
  ffi_type type;
  ffi_type *elements[];
};

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

/* Size, alignment, number of elements, and their tags. */
static ffi_type *aggregate_type(struct signature *signature, struct types *types) {
  if (types->count < 3) return NULL;
  uint32_t elements = types->words[2];
  if (elements == 0 || elements > types->count - 3) return NULL;
  struct aggregate *aggregate = calloc(1, sizeof *aggregate + (elements + 1) * sizeof(ffi_type *));
  if (aggregate == NULL) return NULL;
  aggregate->next = signature->aggregates;
  signature->aggregates = aggregate;
  aggregate->type.type = FFI_TYPE_STRUCT;
  aggregate->type.size = types->words[0];
  aggregate->type.alignment = (unsigned short)types->words[1];
  aggregate->type.elements = aggregate->elements;
  for (uint32_t i = 0; i < elements; i++) aggregate->elements[i] = type_of((uint8_t)types->words[3 + i]);
  types->words += 3 + elements;
  types->count -= 3 + elements;
  return &aggregate->type;
}

/* Takes the next type; its tag goes to `tag`. */
static ffi_type *next_type(struct signature *signature, struct types *types, uint8_t *tag) {
  if (types->count == 0) return NULL;
  *tag = (uint8_t)types->words[0];
  types->words++;
  types->count--;
  return *tag == FT_TAG_AGGREGATE ? aggregate_type(signature, types) : type_of(*tag);
}

static bool read_types(struct signature *signature, struct types types) {
  ffi_type *result = next_type(signature, &types, &signature->result);
  if (result == NULL) return false;
  while (types.count > 0) {
    if (signature->count == FT_ARGUMENTS) return false;
    ffi_type *type = next_type(signature, &types, &signature->tags[signature->count]);
    if (type == NULL) return false;
    signature->types[signature->count++] = type;
  }
  ffi_cif *cif = &signature->cif;
  uint32_t count = signature->count;
  if (types.fixed == 0) return ffi_prep_cif(cif, FFI_DEFAULT_ABI, count, result, signature->types) == FFI_OK;
  uint32_t fixed = types.fixed - 1;
  return fixed <= count &&
         ffi_prep_cif_var(cif, FFI_DEFAULT_ABI, fixed, count, result, signature->types) == FFI_OK;
}

struct signature *signature_read(struct types types) {
  uint32_t most = types.count < FT_ARGUMENTS ? types.count : FT_ARGUMENTS;
  struct signature *signature = calloc(1, sizeof *signature + most * sizeof(ffi_type *));
  if (signature == NULL) return NULL;
  if (read_types(signature, types)) return signature;
  signature_free(signature);
  return NULL;
}

void signature_free(struct signature *signature) {
  if (signature == NULL) return;
  while (signature->aggregates != NULL) {
    struct aggregate *next = signature->aggregates->next;
    free(signature->aggregates);
    signature->aggregates = next;
  }
  free(signature);
}

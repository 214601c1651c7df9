/* Calls: the only place that hands control to a foreign function. */
#include <errno.h>
#include <ffi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

/* Both supported ABIs pass the first integers in one set of registers and the first floating-point values
   in another, each in order, and callees ignore registers that they don't expect. So one call with all of
   them serves every function whose arguments fit, in a tenth of the time that libffi takes. */
#define INTEGER_REGISTERS 6
#define FLOAT_REGISTERS 8

typedef uint64_t (*integer_function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
typedef uint64_t (*mixed_function)(
    uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, double, double, double, double, double,
    double, double, double);
typedef double (*float_function)(
    uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, double, double, double, double, double,
    double, double, double);

enum way { WAY_INTEGERS, WAY_MIXED, WAY_FLOAT, WAY_FFI };

/* A structure by value, as libffi wants to know it. */
struct aggregate {
  struct aggregate *next;
  ffi_type type;
  ffi_type *elements[];
};

struct call {
  enum way way;
  uint32_t count;
  uint32_t text; /* bytes of a unit where the result is text, else 0 */
  uint8_t result;
  uint8_t tags[FT_ARGUMENTS];
  struct aggregate *aggregates;
  void (*function)(void);
  uint8_t integers[INTEGER_REGISTERS]; /* which word goes into which register */
  uint8_t floats[FLOAT_REGISTERS];
  ffi_cif cif;
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

static bool is_float(uint8_t tag) { return tag == FT_TAG_F32 || tag == FT_TAG_F64; }

/* Sorts the arguments into registers; libffi is for those that don't fit. */
static enum way choose_way(struct call *call) {
  uint32_t integers = 0, floats = 0;
  if (call->result == FT_TAG_AGGREGATE) return WAY_FFI;
  for (uint32_t i = 0; i < call->count; i++) {
    uint8_t tag = call->tags[i];
    if (tag == FT_TAG_AGGREGATE) return WAY_FFI;
    if (is_float(tag) ? floats == FLOAT_REGISTERS : integers == INTEGER_REGISTERS) return WAY_FFI;
    if (is_float(tag)) call->floats[floats++] = (uint8_t)i;
    else call->integers[integers++] = (uint8_t)i;
  }
  if (is_float(call->result)) return WAY_FLOAT;
  return floats > 0 ? WAY_MIXED : WAY_INTEGERS;
}

static void call_free(struct call *call) {
  if (call == NULL) return;
  while (call->aggregates != NULL) {
    struct aggregate *next = call->aggregates->next;
    free(call->aggregates);
    call->aggregates = next;
  }
  free(call);
}

/* Size, alignment, number of elements, and their tags. */
static ffi_type *aggregate_type(struct call *call, struct types *types) {
  if (types->count < 3) return NULL;
  uint32_t elements = types->words[2];
  if (elements == 0 || elements > types->count - 3) return NULL;
  struct aggregate *aggregate = calloc(1, sizeof *aggregate + (elements + 1) * sizeof(ffi_type *));
  if (aggregate == NULL) return NULL;
  aggregate->next = call->aggregates;
  call->aggregates = aggregate;
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
static ffi_type *next_type(struct call *call, struct types *types, uint8_t *tag) {
  if (types->count == 0) return NULL;
  *tag = (uint8_t)types->words[0];
  types->words++;
  types->count--;
  return *tag == FT_TAG_AGGREGATE ? aggregate_type(call, types) : type_of(*tag);
}

static bool prepare(struct call *call, struct types types) {
  ffi_type *result = next_type(call, &types, &call->result);
  if (result == NULL) return false;
  while (types.count > 0) {
    if (call->count == FT_ARGUMENTS) return false;
    ffi_type *type = next_type(call, &types, &call->tags[call->count]);
    if (type == NULL) return false;
    call->types[call->count++] = type;
  }
  call->text = unit_of(call->result);
  if (types.fixed == 0) {
    call->way = choose_way(call);
    return ffi_prep_cif(&call->cif, FFI_DEFAULT_ABI, call->count, result, call->types) == FFI_OK;
  }
  call->way = WAY_FFI; /* the callee is told how many registers to look at */
  uint32_t fixed = types.fixed - 1;
  return fixed <= call->count &&
         ffi_prep_cif_var(&call->cif, FFI_DEFAULT_ABI, fixed, call->count, result, call->types) == FFI_OK;
}

uint32_t call_bind(uint32_t id, void *function, struct types types) {
  if (!make_room(id)) return FT_STATUS_NO_MEMORY;
  uint32_t most = types.count < FT_ARGUMENTS ? types.count : FT_ARGUMENTS;
  struct call *call = calloc(1, sizeof *call + most * sizeof(ffi_type *));
  if (call == NULL) return FT_STATUS_NO_MEMORY;
  memcpy(&call->function, &function, sizeof function);
  if (!prepare(call, types)) {
    call_free(call);
    return FT_STATUS_NO_MEMORY;
  }
  call_free(calls[id]);
  calls[id] = call;
  return FT_STATUS_OK;
}

static double as_double(uint64_t word) {
  double value;
  memcpy(&value, &word, sizeof value);
  return value;
}

static uint64_t as_word(double value) {
  uint64_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

/* Words beyond the arguments are passed too: nobody looks at them. */
static uint64_t run_integers(const struct call *call, const uint64_t *w) {
  return ((integer_function)call->function)(w[0], w[1], w[2], w[3], w[4], w[5]);
}

#define REGISTERS(call, w)                                                                        \
  w[call->integers[0]], w[call->integers[1]], w[call->integers[2]], w[call->integers[3]],         \
      w[call->integers[4]], w[call->integers[5]], as_double(w[call->floats[0]]),                  \
      as_double(w[call->floats[1]]), as_double(w[call->floats[2]]), as_double(w[call->floats[3]]), \
      as_double(w[call->floats[4]]), as_double(w[call->floats[5]]), as_double(w[call->floats[6]]), \
      as_double(w[call->floats[7]])

static uint64_t run_ffi(const struct call *call, uint64_t *words) {
  void *values[FT_ARGUMENTS];
  for (uint32_t i = 0; i < call->count; i++) {
    bool elsewhere = call->tags[i] == FT_TAG_AGGREGATE;
    values[i] = elsewhere ? (void *)(uintptr_t)words[i] : &words[i];
  }
  uint64_t word = 0;
  void *result = call->result == FT_TAG_AGGREGATE ? (void *)(uintptr_t)words[call->count] : &word;
  ffi_call((ffi_cif *)&call->cif, call->function, result, values);
  return word;
}

static uint64_t run(const struct call *call, uint64_t *w) {
  switch (call->way) {
    case WAY_INTEGERS: return run_integers(call, w);
    case WAY_MIXED: return ((mixed_function)call->function)(REGISTERS(call, w));
    case WAY_FLOAT: return as_word(((float_function)call->function)(REGISTERS(call, w)));
    default: return run_ffi(call, w);
  }
}

uint32_t call_run(uint32_t id, uint64_t *words, uint32_t *text, struct answer *answer) {
  if (id >= call_count || calls[id] == NULL) return FT_STATUS_NO_SYMBOL;
  const struct call *call = calls[id];
  *text = call->text; /* before the call: the library may write here */
  errno = 0;
  uint64_t result = run(call, words);
  answer->error = (uint32_t)errno;
  answer->value = result;
  return FT_STATUS_OK;
}

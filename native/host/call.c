/* Calls: the only place that hands control to a foreign function. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "signature.h"

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

struct call {
  struct call *next; /* with the same hash */
  enum way way;
  uint32_t text; /* bytes of a unit where the result is text, else 0 */
  void (*function)(void);
  uint8_t integers[INTEGER_REGISTERS]; /* which word goes into which register */
  uint8_t floats[FLOAT_REGISTERS];
  struct signature *signature;
  uint32_t fixed;
  uint32_t type_count;
  uint32_t types[];
};

/* A call may run while another function gets its number, or the same one is bound again: so what was made stays, and
   there is one of each. */
#define BUCKETS 4096
static struct call *made[BUCKETS] FT_LARGE;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

/* At one place for good: a thread of the library may call while another function is bound. */
static struct call *calls[FT_FUNCTIONS] FT_LARGE;

static uint32_t unit_of(uint8_t tag) {
  switch (tag) {
    case FT_TAG_TEXT8: return 1;
    case FT_TAG_TEXT16: return 2;
    case FT_TAG_TEXT32: return 4;
    default: return 0;
  }
}

static bool is_float(uint8_t tag) { return tag == FT_TAG_F32 || tag == FT_TAG_F64; }

/* Sorts the arguments into registers; libffi is for those that don't fit. */
static enum way choose_way(struct call *call) {
  const struct signature *signature = call->signature;
  uint32_t integers = 0, floats = 0;
  if (signature->result == FT_TAG_AGGREGATE) return WAY_FFI;
  for (uint32_t i = 0; i < signature->count; i++) {
    uint8_t tag = signature->tags[i];
    if (tag == FT_TAG_AGGREGATE) return WAY_FFI;
    if (is_float(tag) ? floats == FLOAT_REGISTERS : integers == INTEGER_REGISTERS) return WAY_FFI;
    if (is_float(tag)) call->floats[floats++] = (uint8_t)i;
    else call->integers[integers++] = (uint8_t)i;
  }
  if (is_float(signature->result)) return WAY_FLOAT;
  return floats > 0 ? WAY_MIXED : WAY_INTEGERS;
}

static struct call *make(void *function, struct types types) {
  size_t bytes = types.count * sizeof *types.words;
  struct call *call = calloc(1, sizeof *call + bytes);
  if (call == NULL) return NULL;
  call->signature = signature_read(types);
  if (call->signature == NULL) {
    free(call);
    return NULL;
  }
  memcpy(&call->function, &function, sizeof function);
  memcpy(call->types, types.words, bytes);
  call->type_count = types.count;
  call->fixed = types.fixed;
  call->text = unit_of(call->signature->result);
  /* With "..." the callee is told how many registers to look at, which libffi knows to do. */
  call->way = types.fixed == 0 ? choose_way(call) : WAY_FFI;
  return call;
}

static bool is_same(const struct call *call, void *function, struct types types) {
  return memcmp(&call->function, &function, sizeof function) == 0 && call->fixed == types.fixed &&
         call->type_count == types.count &&
         memcmp(call->types, types.words, types.count * sizeof *types.words) == 0;
}

static struct call *find_or_make(void *function, struct types types) {
  struct call **bucket = &made[((uintptr_t)function >> 4) % BUCKETS];
  struct call *call = *bucket;
  while (call != NULL && !is_same(call, function, types)) call = call->next;
  if (call != NULL) return call;
  call = make(function, types);
  if (call == NULL) return NULL;
  call->next = *bucket;
  return *bucket = call;
}

uint32_t call_bind(uint32_t id, void *function, struct types types) {
  if (id >= FT_FUNCTIONS) return FT_STATUS_NO_MEMORY;
  pthread_mutex_lock(&making);
  struct call *call = find_or_make(function, types);
  pthread_mutex_unlock(&making);
  if (call == NULL) return FT_STATUS_NO_MEMORY;
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
  struct signature *signature = call->signature;
  void *values[FT_ARGUMENTS];
  for (uint32_t i = 0; i < signature->count; i++) {
    bool elsewhere = signature->tags[i] == FT_TAG_AGGREGATE;
    values[i] = elsewhere ? (void *)(uintptr_t)words[i] : &words[i];
  }
  uint64_t word = 0;
  bool elsewhere = signature->result == FT_TAG_AGGREGATE;
  void *result = elsewhere ? (void *)(uintptr_t)words[signature->count] : &word;
  ffi_call(&signature->cif, call->function, result, values);
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
  if (id >= FT_FUNCTIONS || calls[id] == NULL) return FT_STATUS_NO_SYMBOL;
  const struct call *call = calls[id];
  *text = call->text; /* before the call: the library may write here */
  errno = 0;
  uint64_t result = run(call, words);
  answer->error = (uint32_t)errno;
  answer->value = result;
  return FT_STATUS_OK;
}

/* Callbacks: C functions whose answer comes from the program. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "signature.h"

/* A thread of the library waits so many seconds for a lane, then its callback gives zeros. */
#define PATIENCE 10

/*
 * Nothing may be made executable here, so the code of all callbacks is part of the host: each piece loads the address
 * of its own entry where libffi looks for it, and goes on with libffi.
 */
#define ENTRY_BYTES 64

struct entry {
  ffi_go_closure closure;
  struct signature *signature;
} __attribute__((aligned(ENTRY_BYTES)));
_Static_assert(sizeof(struct entry) == ENTRY_BYTES, "entry");
_Static_assert(offsetof(ffi_go_closure, tramp) == 0, "tramp");

__attribute__((used)) struct entry callback_entries[FT_CALLBACKS] FT_LARGE;
extern const uint8_t callback_code[];

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

#if defined(__x86_64__)
#define PIECE                                      \
  "endbr64\n"                                      \
  "leaq callback_entries+ft_entry(%rip), %r10\n"   \
  "jmp *(%r10)\n"
#elif defined(__aarch64__)
#define PIECE                                      \
  "adrp x18, callback_entries+ft_entry\n"          \
  "add x18, x18, :lo12:callback_entries+ft_entry\n" \
  "ldr x16, [x18]\n"                               \
  "br x16\n"
#endif

__asm__(".text\n"
        ".balign 64\n"
        ".hidden callback_code\n"
        ".globl callback_code\n"
        "callback_code:\n"
        ".set ft_entry, 0\n"
        ".rept " TEXT(FT_CALLBACKS) "\n"
        ".balign " TEXT(FT_CALLBACK_BYTES) "\n"
        PIECE
        ".set ft_entry, ft_entry + " TEXT(ENTRY_BYTES) "\n"
        ".endr\n");

/* One thread's calls and callbacks: `rings[depth]` has the request that runs, the next one serves its callback. */
struct strand {
  uint32_t taken;
  uint32_t depth;
  uint32_t deepest;
  struct ring *outermost;
  struct ring rings[1 + FT_DEPTH];
};

/* First those of the threads that serve a lane, then those for threads of the library. */
static struct strand strands[FT_LANES + FT_THREADS] FT_LARGE;
static struct strand *const outside_strands = strands + FT_LANES;
static uint32_t lanes;
static _Thread_local struct strand *own;
static sem_t free_strands;
static uint64_t spin_limit;
static uint8_t *inner_lanes;

void callback_begin(struct ft_start *start) {
  spin_limit = start->spin;
  lanes = start->lanes;
  start->callbacks = (uint64_t)(uintptr_t)callback_code;
}

void callback_open(struct ring *outermost) {
  own = &strands[outermost->strand];
  own->outermost = outermost;
}

static uint8_t *open_inner(struct strand *strand, uint32_t depth, uint8_t *lane) {
  ring_open_inner(&strand->rings[depth], lane, (uint32_t)spin_limit, (uint32_t)(strand - strands));
  return lane + FT_INNER_LANE_BYTES;
}

static void open_lanes(uint8_t *lane) {
  inner_lanes = lane;
  for (struct strand *strand = strands; strand < strands + lanes; strand++) {
    strand->deepest = FT_DEPTH;
    for (uint32_t depth = 1; depth <= FT_DEPTH; depth++) lane = open_inner(strand, depth, lane);
  }
  for (struct strand *strand = outside_strands; strand < outside_strands + FT_THREADS; strand++) {
    strand->deepest = FT_THREAD_DEPTH;
    strand->outermost = &strand->rings[0];
    for (uint32_t depth = 0; depth <= FT_THREAD_DEPTH; depth++) lane = open_inner(strand, depth, lane);
    /* The program has asked for its callbacks already. */
    strand->rings[0].sequence = 1;
    /* It sleeps until any of them has one. */
    strand->rings[0].program_asleep = outside_strands->rings[0].program_asleep;
  }
  sem_init(&free_strands, 0, FT_THREADS);
}

static void on_call(ffi_cif *cif, void *result, void **arguments, void *closure);

/* What was prepared before may be running in another thread: it stays. */
static uint32_t prepare_entries(uint32_t first, uint32_t count, struct types types) {
  if (first >= FT_CALLBACKS || count > FT_CALLBACKS - first) return FT_STATUS_NO_MEMORY;
  if (count > 0 && callback_entries[first].signature != NULL) return FT_STATUS_OK;
  struct signature *signature = signature_read(types);
  if (signature == NULL) return FT_STATUS_NO_MEMORY;
  for (struct entry *entry = callback_entries + first; entry < callback_entries + first + count; entry++) {
    entry->signature = signature;
    ffi_prep_go_closure(&entry->closure, &signature->cif, on_call);
  }
  return FT_STATUS_OK;
}

/* Two lanes may ask at once. */
static pthread_mutex_t preparing = PTHREAD_MUTEX_INITIALIZER;

uint32_t callback_prepare(void *inner, uint32_t first, uint32_t count, struct types types) {
  pthread_mutex_lock(&preparing);
  if (inner_lanes == NULL) open_lanes(inner);
  uint32_t status = prepare_entries(first, count, types);
  pthread_mutex_unlock(&preparing);
  return status;
}

/* A lane for a thread of the library, or NULL when none becomes free. */
static struct strand *take_strand(void) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += PATIENCE;
  while (sem_timedwait(&free_strands, &end) != 0)
    if (errno != EINTR) return NULL;
  for (struct strand *strand = outside_strands; strand < outside_strands + FT_THREADS; strand++)
    if (ring_claim(&strand->taken, (uint32_t)syscall(SYS_gettid))) return own = strand;
  return NULL;
}

static void give_back(struct strand *strand) {
  own = NULL;
  ring_give_up(&strand->taken);
  sem_post(&free_strands);
}

static uint64_t word_of(const struct signature *signature, uint32_t index, const void *argument) {
  uint64_t word = 0;
  if (signature->tags[index] == FT_TAG_AGGREGATE) return (uint64_t)(uintptr_t)argument;
  memcpy(&word, argument, signature->types[index]->size);
  return word;
}

static void clear(const struct signature *signature, void *result) {
  if (signature->result == FT_TAG_VOID) return;
  bool aggregate = signature->result == FT_TAG_AGGREGATE;
  memset(result, 0, aggregate ? signature->cif.rtype->size : sizeof(ffi_arg));
}

static void take_result(const struct signature *signature, void *result, uint64_t word) {
  if (signature->result == FT_TAG_VOID) return;
  if (signature->result != FT_TAG_AGGREGATE) memcpy(result, &word, sizeof word);
  else if (word != 0) memcpy(result, (const void *)(uintptr_t)word, signature->cif.rtype->size);
}

static void ask(struct strand *strand, const struct entry *entry, void *result, void **arguments) {
  const struct signature *signature = entry->signature;
  struct ring *outer = strand->depth == 0 ? strand->outermost : &strand->rings[strand->depth];
  if (strand->depth == strand->deepest || outer->mute == outer->sequence) return;
  struct ring *inner = &strand->rings[++strand->depth];
  struct ft_response *response = ring_response(outer);
  uint64_t *near = &response->value;
  for (uint32_t i = 0; i < signature->count; i++) {
    uint64_t word = word_of(signature, i, arguments[i]);
    if (i < FT_INLINE_WORDS) near[i] = word;
    else inner->lane->words[i - FT_INLINE_WORDS] = word;
  }
  response->length = (uint32_t)(entry - callback_entries);
  ring_call_back(outer);
  const struct ft_request *answer = message_serve_callback(inner);
  strand->depth--;
  /* Of a thread of the library, each callback is a request of its own. */
  if (answer->function == FT_ANSWER_MUTE && outer != &strand->rings[0]) outer->mute = outer->sequence;
  take_result(signature, result, answer->words[0]);
}

static void on_call(ffi_cif *cif, void *result, void **arguments, void *closure) {
  (void)cif;
  int error = errno;
  const struct entry *entry = closure;
  clear(entry->signature, result);
  bool outside = own == NULL;
  struct strand *strand = outside ? take_strand() : own;
  if (strand != NULL) ask(strand, entry, result, arguments);
  if (strand != NULL && outside) give_back(strand);
  errno = error;
}

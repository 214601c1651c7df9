/* One lane's rings and sleep flags. Memory ordering lives here and nowhere else in the host. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define SPIN_LEAST 2000u /* nanoseconds: about what a sleep and a wake-up cost the other side */
#define SPINS_PER_LOOK 32
#define WAKING 150000u    /* nanoseconds within which a program that was woken is at work */
#define BETWEEN_TRIES 256u
#define SHORT 200000u     /* nanoseconds */
#define TOGETHER_LEAST 8u
#define TOGETHER_MOST 4096u
#define REST_SECONDS 1 /* without a request: so long the heap is kept as it is */

static inline void pause_processor(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void ring_open(struct ring *ring, void *lane, uint32_t spin_limit) {
  *ring = (struct ring){.lane = lane, .spin_limit = spin_limit, .spin_budget = spin_limit, .together_most = TOGETHER_LEAST};
  ring->responses = (uint8_t *)lane + FT_OFFSET_RESPONSES;
  ring->requests = (uint8_t *)lane + FT_OFFSET_REQUESTS;
  ring->program_asleep = &ring->lane->program_asleep;
  ring->last_slot = FT_SLOTS - 1;
}

void ring_open_inner(struct ring *ring, void *lane, uint32_t spin_limit, uint32_t strand) {
  ring_open(ring, lane, spin_limit);
  ring->requests = (uint8_t *)lane + FT_INNER_REQUESTS;
  ring->last_slot = FT_INNER_SLOTS - 1;
  ring->strand = strand;
}

static inline struct ft_request *slot(const struct ring *ring, uint32_t sequence) {
  return (struct ft_request *)(ring->requests + (sequence & ring->last_slot) * FT_REQUEST_BYTES);
}

static inline bool published(const struct ft_request *request, uint32_t sequence) {
  return __atomic_load_n(&request->sequence, __ATOMIC_ACQUIRE) == sequence;
}

bool ring_quiet(const struct ring *ring) {
  uint32_t next = ring->sequence + 1;
  return !published(slot(ring, next), next);
}

/* Whoever runs on the processor of one that stays awake for the answer has to wait for it, or takes its place. Some
 * schedulers keep such a pair together for good, though another processor is idle. */
static void keep_apart(struct ring *ring, uint32_t *processor) {
  uint32_t program = __atomic_exchange_n(processor, 0, __ATOMIC_RELAXED);
  if (program == 0 || program != processor_now()) {
    ring->together = 0;
    return;
  }
  if (++ring->together < ring->together_most) return;
  ring->together = 0;
  if (ring->together_most < TOGETHER_MOST) ring->together_most *= 2;
  processor_leave();
}

/* The first sleep after a request ends after a while, where there may be memory to give back. */
static void rest(struct ring *ring, uint32_t *asleep) {
  const struct timespec long_enough = {.tv_sec = REST_SECONDS};
  bool keeps = ring->released != ring->sequence && heap_worth_releasing(ring->strand == 0);
  long woken = syscall(SYS_futex, asleep, FUTEX_WAIT, 1, keeps ? &long_enough : NULL, NULL, 0);
  if (woken == 0 || errno != ETIMEDOUT) return;
  ring->released = ring->sequence;
  heap_release(ring->strand == 0);
}

static void sleep_until(struct ring *ring, const struct ft_request *request, uint32_t sequence) {
  uint32_t *asleep = &ring->lane->host_asleep;
  __atomic_store_n(&ring->lane->rung_from, 0, __ATOMIC_RELAXED);
  while (!published(request, sequence)) {
    /* Said before the last look: the program stores its request before it looks here. */
    __atomic_store_n(asleep, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&request->sequence, __ATOMIC_SEQ_CST) == sequence) break;
    rest(ring, asleep);
  }
  __atomic_store_n(asleep, 0, __ATOMIC_RELAXED);
}

static inline uint64_t spin_least(uint64_t wanted) { return wanted < SPIN_LEAST ? SPIN_LEAST : wanted; }

/* The budget follows the gap: a program that calls again soon finds the host awake, a quiet one does not pay. What it
 * takes to wake a program is no part of the gap. Where spinning was in vain though the program called again soon, it may
 * need this processor: then it is tried ever more rarely. */
static void adapt(struct ring *ring, uint64_t gap) {
  uint64_t waking = ring->woke_program ? WAKING : 0;
  uint64_t own = gap > waking ? gap - waking : 0;
  bool soon = own <= ring->spin_limit;
  if (soon) ring->vain++;
  bool tries = (ring->vain & (ring->vain - 1)) == 0 || ring->vain % BETWEEN_TRIES == 0;
  uint64_t budget = soon && tries ? spin_least(2 * own) : SPIN_LEAST;
  ring->spin_budget = budget < ring->spin_limit ? budget : ring->spin_limit;
  ring->awaits_waking = soon && tries;
}

/* How long to look for the next request before sleeping. */
static uint64_t patience(const struct ring *ring) {
  return ring->spin_budget + (ring->woke_program && ring->awaits_waking ? WAKING : 0);
}

/* Those inside it serve callbacks, whose thread goes on with what is outside. */
static bool is_outermost(const struct ring *ring) { return ring->last_slot == FT_SLOTS - 1; }

/* Whoever computes for long does not take the processor from a program that goes on meanwhile; the program waits for
 * one that is done at once. */
static void pace(struct ring *ring, uint64_t now) {
  uint32_t served = ring->sequence - ring->served_before;
  bool hurries = now - ring->woke < (uint64_t)SHORT * served;
  if (hurries != ring->hurries) processor_hurry(hurries);
  ring->hurries = hurries;
}

struct ft_request *ring_next(struct ring *ring) {
  uint32_t sequence = ring->sequence + 1;
  struct ft_request *request = slot(ring, sequence);
  if (!published(request, sequence)) {
    uint64_t begin = now();
    uint64_t most = patience(ring);
    uint64_t gap = 0;
    bool found = false;
    while (!found && gap < most) {
      for (int i = 0; i < SPINS_PER_LOOK && !(found = published(request, sequence)); i++) pause_processor();
      if (!found) gap = now() - begin;
    }
    if (found) {
      ring->vain = 0;
      ring->together_most = TOGETHER_LEAST;
    } else {
      if (is_outermost(ring)) pace(ring, begin);
      sleep_until(ring, request, sequence);
      ring->woke = now();
      ring->served_before = ring->sequence;
      if (ring->spin_limit > 0) {
        keep_apart(ring, &ring->lane->rung_from);
        adapt(ring, now() - begin);
      }
    }
  }
  ring->sequence = sequence;
  __atomic_store_n(&ring->lane->begun, sequence, __ATOMIC_RELAXED);
  return request;
}

uint32_t ring_begin(struct ft_request *request) {
  uint16_t operation = __atomic_exchange_n(&request->operation, (uint16_t)FT_OPERATION_BEGUN, __ATOMIC_ACQ_REL);
  return operation;
}

struct ft_response *ring_response(const struct ring *ring) {
  return (struct ft_response *)(ring->responses + (ring->sequence & ring->last_slot) * FT_RESPONSE_BYTES);
}

uint32_t ring_coming(const struct ring *ring) {
  uint32_t next = ring->sequence + 1;
  const struct ft_request *request = slot(ring, next);
  return published(request, next) ? request->operation : FT_OPERATION_BEGUN;
}

static void publish(struct ring *ring, struct ft_response *response) {
  ring->woke_program = false;
  __atomic_store_n(&response->sequence, ring->sequence, __ATOMIC_SEQ_CST);
}

static void tell(struct ring *ring) {
  uint32_t *asleep = ring->program_asleep;
  if (__atomic_load_n(asleep, __ATOMIC_SEQ_CST) == 0) return;
  if (__atomic_exchange_n(asleep, 0, __ATOMIC_SEQ_CST) == 0) return;
  ring->woke_program = true;
  /* A full socket has rung already. */
  (void)send(FT_DESCRIPTOR_SOCKET, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (__atomic_load_n(&ring->lane->slept_on, __ATOMIC_RELAXED) != 0) keep_apart(ring, &ring->lane->slept_on);
}

void ring_answer(struct ring *ring, const struct answer *answer, bool last) {
  struct ft_response *response = ring_response(ring);
  response->status = answer->status;
  response->error = answer->error;
  response->length = answer->length;
  response->value = answer->value;
  publish(ring, response);
  if (last) tell(ring);
}

void ring_call_back(struct ring *ring) {
  struct ft_response *response = ring_response(ring);
  response->status = FT_STATUS_CALLBACK;
  publish(ring, response);
  tell(ring);
}

void start_publish(struct ft_start *start) {
  __atomic_store_n(&start->state, FT_START_READY, __ATOMIC_SEQ_CST);
}

bool ring_claim(uint32_t *word, uint32_t value) {
  uint32_t free = 0;
  return __atomic_compare_exchange_n(word, &free, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void ring_give_up(uint32_t *word) { __atomic_store_n(word, 0, __ATOMIC_RELEASE); }

/* Serves requests, one after the other. The program that wrote them is trusted; nothing is decoded twice. */
#include <errno.h>
#include <stdlib.h>

#include "host.h"

static void *at(uint64_t address) { return (void *)(uintptr_t)address; }

static uint32_t load(const uint64_t *words, char *room, struct answer *answer) {
  uint32_t status =
      library_load((uint32_t)words[0], (uint32_t)words[1], at(words[2]), room, &answer->value);
  if (status == FT_STATUS_LOAD_FAILED) answer->length = (uint32_t)text_measure(room, 1, FT_TEXT_BYTES);
  return status;
}

static uint32_t bind(const uint64_t *words) {
  void *function = library_symbol((uint32_t)words[1], at(words[2]));
  if (function == NULL) return FT_STATUS_NO_SYMBOL;
  struct types types = {at(words[3]), (uint32_t)words[4], (uint32_t)words[5]};
  return call_bind((uint32_t)words[0], function, types);
}

static uint32_t bind_at(const uint64_t *words) {
  struct types types = {at(words[2]), (uint32_t)words[3], (uint32_t)words[4]};
  return call_bind((uint32_t)words[0], at(words[1]), types);
}

static uint32_t variable(const struct ring *ring, const uint64_t *words, struct answer *answer) {
  void *found = library_symbol((uint32_t)words[0], at(words[1]));
  if (found == NULL) return FT_STATUS_NO_SYMBOL;
  answer->value = (uint64_t)(uintptr_t)found;
  uint32_t strand = ring->strand;
  bool done = (words[3] == 0 || crash_guarded_copy(strand, at(words[3]), found, words[2])) &&
              (words[4] == 0 || crash_guarded_copy(strand, found, at(words[4]), words[2]));
  return done ? FT_STATUS_OK : FT_STATUS_BAD_ADDRESS;
}

static uint32_t copy(const struct ring *ring, const uint64_t *words) {
  bool done = crash_guarded_copy(ring->strand, at(words[0]), at(words[1]), words[2]);
  return done ? FT_STATUS_OK : FT_STATUS_BAD_ADDRESS;
}

static uint32_t measure(const struct ring *ring, const uint64_t *words, struct answer *answer) {
  uint32_t unit = (uint32_t)words[1];
  bool done = crash_guarded_measure(ring->strand, at(words[0]), unit, words[2], &answer->value);
  return done ? FT_STATUS_OK : FT_STATUS_BAD_ADDRESS;
}

static uint32_t prepare(const uint64_t *words) {
  struct types types = {at(words[3]), (uint32_t)words[4], 0};
  return callback_prepare(at(words[0]), (uint32_t)words[1], (uint32_t)words[2], types);
}

static uint32_t call(struct ft_request *request, struct answer *answer) {
  uint32_t room = request->room; /* before the call: the library may write here */
  uint32_t text = 0;
  uint32_t status = call_run(request->function, request->words, &text, answer);
  if (text == 0 || answer->value == 0) return status;
  uint32_t capacity = room < FT_REQUEST_BYTES ? FT_REQUEST_BYTES - room : 0;
  return text_result(at(answer->value), text, (char *)request + room, capacity, answer);
}

static uint32_t take_grants(uint32_t upto) {
  int error = upto == 0 ? 0 : channel_grants(upto);
  if (error == 0) return FT_STATUS_OK;
  return error == EEXIST || error == ENOMEM ? FT_STATUS_NO_MEMORY : FT_STATUS_CUT_OFF;
}

/* A library is loaded and its functions bound in one go: the program is woken for the last of them. */
static bool goes_on(const struct ring *ring, uint32_t operation) {
  switch (operation) {
    case FT_OPERATION_PING: return ring_coming(ring) == FT_OPERATION_LOAD;
    case FT_OPERATION_LOAD:
    case FT_OPERATION_BIND: return ring_coming(ring) == FT_OPERATION_BIND;
    default: return false;
  }
}

static void serve(struct ring *ring, struct ft_request *request, uint32_t operation) {
  uint64_t *words = request->words;
  struct answer answer = {0};
  answer.status = take_grants(request->grants);
  if (answer.status != FT_STATUS_OK) {
    ring_answer(ring, &answer, true);
    return;
  }
  switch (operation) {
    case FT_OPERATION_PING:
    case FT_OPERATION_WITHDRAWN: break;
    case FT_OPERATION_CALL: answer.status = call(request, &answer); break;
    case FT_OPERATION_LOAD: answer.status = load(words, (char *)request + request->room, &answer); break;
    case FT_OPERATION_BIND: answer.status = bind(words); break;
    case FT_OPERATION_READ:
    case FT_OPERATION_WRITE: answer.status = copy(ring, words); break;
    case FT_OPERATION_TAKE: answer.status = text_take(at(words[0]), words[1], words[2]); break;
    case FT_OPERATION_MEASURE: answer.status = measure(ring, words, &answer); break;
    case FT_OPERATION_VARIABLE: answer.status = variable(ring, words, &answer); break;
    case FT_OPERATION_BIND_AT: answer.status = bind_at(words); break;
    case FT_OPERATION_PREPARE: answer.status = prepare(words); break;
    case FT_OPERATION_SERIES: series_run(ring, at(words[0]), words[1], &answer); break;
    case FT_OPERATION_CLOSE: exit(0);
    default: exit(1); /* only memory that a library overwrote asks for this */
  }
  ring_answer(ring, &answer, !goes_on(ring, operation));
}

_Noreturn void message_serve(struct ring *ring) {
  for (;;) {
    struct ft_request *request = ring_next(ring);
    serve(ring, request, request->operation);
  }
}

_Noreturn void message_serve_beside(struct ring *ring) {
  for (;;) {
    struct ft_request *request = ring_next(ring);
    serve(ring, request, ring_begin(request));
  }
}

const struct ft_request *message_serve_callback(struct ring *ring) {
  for (;;) {
    struct ft_request *request = ring_next(ring);
    if (request->operation == FT_OPERATION_ANSWER) {
      if (take_grants(request->grants) != FT_STATUS_OK) request->words[0] = 0;
      return request;
    }
    serve(ring, request, request->operation);
  }
}

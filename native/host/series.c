/* Several calls in one request: what one gives, the next may take. */
#include <string.h>

#include "host.h"

static void *at(uint64_t address) { return (void *)(uintptr_t)address; }

/* A value as the word of an argument; bits beyond its own are those of C's conversion to 64 bits. */
static uint64_t word_at(uint32_t tag, const void *place) {
  uint64_t bits = 0;
  switch (tag) {
    case FT_TAG_BOOL:
    case FT_TAG_U8: memcpy(&bits, place, 1); return bits;
    case FT_TAG_I8: memcpy(&bits, place, 1); return (uint64_t)(int64_t)(int8_t)bits;
    case FT_TAG_U16: memcpy(&bits, place, 2); return bits;
    case FT_TAG_I16: memcpy(&bits, place, 2); return (uint64_t)(int64_t)(int16_t)bits;
    case FT_TAG_F32:
    case FT_TAG_U32: memcpy(&bits, place, 4); return bits;
    case FT_TAG_I32: memcpy(&bits, place, 4); return (uint64_t)(int64_t)(int32_t)bits;
    default: memcpy(&bits, place, 8); return bits;
  }
}

static bool stops(uint32_t stop, uint32_t tag, const uint64_t *value) {
  if (stop == FT_STOP_NEVER) return false;
  uint64_t word = word_at(tag, value);
  switch (stop) {
    case FT_STOP_ZERO: return word == 0;
    case FT_STOP_NONZERO: return word != 0;
    default: return (int64_t)word < 0;
  }
}

static uint32_t run(struct ft_step *step, uint64_t *words, struct answer *answer) {
  uint32_t text = 0;
  uint32_t status = call_run(step->function, words, &text, answer);
  if (text == 0 || answer->value == 0) return status;
  /* Without room it is kept; an empty one needs none. */
  return text_result(at(answer->value), text, (char *)step, 0, answer);
}

void series_run(const struct ring *ring, struct ft_step *step, uint64_t count, struct answer *answer) {
  while (answer->value < count) {
    /* Before the call: the library may write here. */
    uint32_t stop = step->stop, tag = step->tag;
    uint64_t *words = (uint64_t *)(step + 1);
    struct ft_feed *feed = (struct ft_feed *)(words + step->words);
    struct ft_feed *end = feed + step->feeds;
    for (; feed < end; feed++) words[feed->word] = word_at(feed->tag, at(feed->address));
    step->begun = 1;
    struct answer own = {0};
    own.status = run(step, words, &own);
    step->status = own.status;
    step->error = own.error;
    step->length = own.length;
    step->value = own.value;
    answer->value++;
    answer->length = own.status == FT_STATUS_OK && stops(stop, tag, &own.value);
    if (answer->length != 0 || own.status != FT_STATUS_OK) return;
    /* A callback failed: the program wants no more of it. */
    if (ring->mute == ring->sequence) return;
    step = (struct ft_step *)end;
  }
}

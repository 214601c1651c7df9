/* The same witnesses within Node, and dlopen there, for throw-away Node processes. */
#define _GNU_SOURCE
#include <stdlib.h>

#define NAPI_VERSION 8
#include <node_api.h>

#include "laboratory.h"

#define MOST_WORDS 40
#define WORD_BYTES 4096

static char *word(napi_env env, napi_value value) {
  char *text = calloc(1, WORD_BYTES);
  if (text == NULL) abort();
  napi_get_value_string_utf8(env, value, text, WORD_BYTES, NULL);
  return text;
}

static size_t take(napi_env env, napi_callback_info info, char *words[MOST_WORDS]) {
  napi_value values[MOST_WORDS];
  size_t count = MOST_WORDS;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  if (count > MOST_WORDS) count = MOST_WORDS;
  for (size_t i = 0; i < count; i++) words[i] = word(env, values[i]);
  return count;
}

static void drop(size_t count, char *words[MOST_WORDS]) {
  for (size_t i = 0; i < count; i++) free(words[i]);
}

/* trial(behaviour, loadLimit, limit, linger, ...libraries): by dlopen. */
static napi_value trial(napi_env env, napi_callback_info info) {
  char *words[MOST_WORDS];
  size_t count = take(env, info, words);
  run_trial(&dlopen_strategy, (int)count, words);
  drop(count, words);
  return NULL;
}

/* measure(rounds, calls, library): by dlopen. */
static napi_value measure(napi_env env, napi_callback_info info) {
  char *words[MOST_WORDS];
  size_t count = take(env, info, words);
  run_measure(&dlopen_strategy, (int)count, words);
  drop(count, words);
  return NULL;
}

/* prepare(behaviour): what the library is to be asked. */
static napi_value prepare(napi_env env, napi_callback_info info) {
  static char question[QUESTION_BYTES];
  char *words[MOST_WORDS];
  size_t count = take(env, info, words);
  const struct witness *witness = count > 0 ? witness_of(words[0]) : NULL;
  if (witness != NULL && witness->prepare != NULL) witness->prepare(question);
  drop(count, words);
  napi_value result = NULL;
  napi_create_string_utf8(env, question, NAPI_AUTO_LENGTH, &result);
  return result;
}

/* look(behaviour, pid) */
static napi_value look(napi_env env, napi_callback_info info) {
  char *words[MOST_WORDS];
  size_t count = take(env, info, words);
  const struct witness *witness = count == 2 ? witness_of(words[0]) : NULL;
  if (witness != NULL && witness->look != NULL) witness->look(atoi(words[1]));
  drop(count, words);
  return NULL;
}

NAPI_MODULE_INIT() {
  const struct {
    const char *name;
    napi_callback function;
  } functions[] = {{"trial", trial}, {"measure", measure}, {"prepare", prepare}, {"look", look}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value value;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL,
                         &value);
    napi_set_named_property(env, exports, functions[i].name, value);
  }
  return exports;
}

/* The door to JavaScript: arguments in, a kernel function, a result out. Nothing is decided here. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAPI_VERSION 8
#include <node_api.h>

#include "ft_protocol.h"

#define MOST_ARGUMENTS 10

struct instance {
  struct listener *listener;
  napi_threadsafe_function wake;
  napi_env env;
  napi_ref callback; /* what doorbells call */
  napi_async_context context;
  /* Memory files of this environment: a worker that ends leaves none behind. */
  struct file {
    int descriptor;
    void *held; /* its pages, where it is sealed */
    size_t bytes;
  } *files;
  size_t file_count;
  size_t file_room;
};

static const uint8_t digest[] = FT_DIGEST;
_Static_assert(sizeof(struct ft_introduction) == FT_INTRODUCTION_BYTES, "introduction");

/* ---- arguments and results ---- */

static napi_value throw_errno(napi_env env, const char *what, int error) {
  char message[256];
  snprintf(message, sizeof message, "%s: %s", what, strerror(error));
  napi_throw_error(env, strerrorname_np(error), message);
  return NULL;
}

static napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

static napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

static napi_value done(napi_env env, const char *what, int error) {
  return error == 0 ? undefined(env) : throw_errno(env, what, error);
}

/* Only this package calls the addon, and passes what it takes; a wrong kind is an exception all the same. */
static bool take(napi_env env, napi_callback_info info, size_t wanted, napi_value *values) {
  size_t count = MOST_ARGUMENTS;
  napi_value all[MOST_ARGUMENTS];
  napi_get_cb_info(env, info, &count, all, NULL, NULL);
  memcpy(values, all, wanted * sizeof *values);
  return true;
}

static double to_number(napi_env env, napi_value value) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) return -1;
  return number;
}

static int to_int(napi_env env, napi_value value) { return (int)to_number(env, value); }

static bool to_bool(napi_env env, napi_value value) {
  bool result = false;
  napi_get_value_bool(env, value, &result);
  return result;
}

static struct fat_thread *to_thread(napi_env env, napi_value value) {
  void *thread = NULL;
  napi_get_value_external(env, value, &thread);
  return thread;
}

/* The memory of a typed array, which may stand on a shared buffer. */
static uint8_t *to_memory(napi_env env, napi_value value, size_t *bytes) {
  napi_typedarray_type type;
  size_t length = 0;
  void *data = NULL;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok) return NULL;
  *bytes = length * (type == napi_uint8_array ? 1 : 4);
  return data;
}

static struct instance *instance_of(napi_env env) {
  void *instance = NULL;
  napi_get_instance_data(env, &instance);
  return instance;
}

/* ---- memory ---- */

static bool keep_file(struct instance *instance, int descriptor) {
  if (instance->file_count == instance->file_room) {
    size_t room = instance->file_room == 0 ? 16 : instance->file_room * 2;
    struct file *grown = realloc(instance->files, room * sizeof *grown);
    if (grown == NULL) return false;
    instance->files = grown;
    instance->file_room = room;
  }
  instance->files[instance->file_count++] = (struct file){.descriptor = descriptor};
  return true;
}

static struct file *find_file(struct instance *instance, int descriptor) {
  for (size_t i = 0; i < instance->file_count; i++)
    if (instance->files[i].descriptor == descriptor) return &instance->files[i];
  return NULL;
}

static void close_file(struct file *file) {
  memory_let_go(file->held, file->bytes);
  close(file->descriptor);
}

static napi_value create_memory(napi_env env, napi_callback_info info) {
  napi_value values[3];
  take(env, info, 3, values);
  char name[64] = "";
  napi_get_value_string_utf8(env, values[0], name, sizeof name, NULL);
  int descriptor;
  int error = memory_create(name, (uint64_t)to_number(env, values[1]), to_bool(env, values[2]), &descriptor);
  if (error != 0) return throw_errno(env, "memfd_create", error);
  if (keep_file(instance_of(env), descriptor)) return number(env, descriptor);
  close(descriptor);
  return throw_errno(env, "memfd_create", ENOMEM);
}

static napi_value close_memory(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  int descriptor = to_int(env, value);
  struct instance *instance = instance_of(env);
  struct file *file = find_file(instance, descriptor);
  if (file == NULL) return throw_errno(env, "close", EBADF);
  close_file(file);
  *file = instance->files[--instance->file_count];
  return undefined(env);
}

static napi_value seal_size(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  return done(env, "F_ADD_SEALS", memory_seal_size(to_int(env, value)));
}

static napi_value seal_content(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  int descriptor = to_int(env, value);
  int error = memory_seal_content(descriptor);
  struct file *file = error == 0 ? find_file(instance_of(env), descriptor) : NULL;
  if (file != NULL && file->held == NULL) file->held = memory_hold(descriptor, &file->bytes);
  return done(env, "F_ADD_SEALS", error);
}

/* ---- files ---- */

static napi_value unchanged(napi_env env, napi_callback_info info) {
  napi_value values[2], result;
  take(env, info, 2, values);
  size_t bytes = 0, count = 0;
  const uint8_t *paths = to_memory(env, values[0], &bytes);
  napi_typedarray_type type;
  void *numbers = NULL;
  bool taken = napi_get_typedarray_info(env, values[1], &type, &count, &numbers, NULL, NULL) == napi_ok;
  bool same = taken && type == napi_biguint64_array &&
              files_unchanged((const char *)paths, bytes, numbers, count / FILE_NUMBERS);
  napi_get_boolean(env, same, &result);
  return result;
}

static napi_value map(napi_env env, napi_callback_info info) {
  napi_value values[3];
  take(env, info, 3, values);
  size_t bytes = 0;
  void *address = to_memory(env, values[0], &bytes);
  int descriptor = to_int(env, values[1]);
  return done(env, "mmap", memory_map(address, bytes, descriptor, (uint64_t)to_number(env, values[2])));
}

static napi_value touch(napi_env env, napi_callback_info info) {
  napi_value values[3];
  take(env, info, 3, values);
  size_t bytes = 0;
  uint8_t *memory = to_memory(env, values[0], &bytes);
  double from = to_number(env, values[1]);
  double wanted = to_number(env, values[2]);
  if (memory == NULL || from < 0 || wanted < 0 || from + wanted > (double)bytes) return done(env, "madvise", EINVAL);
  memory_touch(memory + (size_t)from, (size_t)wanted);
  return undefined(env);
}

static napi_value unmap(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  size_t bytes = 0;
  void *address = to_memory(env, value, &bytes);
  return done(env, "mmap", memory_unmap(address, bytes));
}

/* ---- events ---- */

static void call_listener(napi_env env, napi_value callback, uint32_t id, uint32_t events) {
  napi_value arguments[] = {number(env, id), number(env, events)};
  napi_call_function(env, undefined(env), callback, 2, arguments, NULL);
  bool thrown = false;
  napi_value error;
  napi_is_exception_pending(env, &thrown);
  if (thrown && napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

/* What is there now; what comes meanwhile has to wait for a later turn of the event loop, or a library that
   prints without end would hold it. The listener is told of that with the number 0. */
static void pass_on(napi_env env, napi_value callback, struct listener *listener) {
  for (size_t left = listener_pending(listener); left > 0; left--) {
    uint32_t events;
    struct fat_thread *thread = listener_take(listener, &events);
    if (thread == NULL) break;
    uint32_t id = thread->id;
    thread_release(thread);
    call_listener(env, callback, id, events);
  }
  if (!listener_rest(listener)) call_listener(env, callback, 0, 0);
}

static void on_wake(napi_env env, napi_value callback, void *context, void *data) {
  (void)data;
  if (env != NULL && callback != NULL) pass_on(env, callback, ((struct instance *)context)->listener);
}

/* The event loop itself found doorbells that rang: as above, without the way over another thread. */
static void on_doorbells(void *context) {
  struct instance *instance = context;
  napi_env env = instance->env;
  napi_handle_scope handles;
  napi_callback_scope scope;
  napi_value callback;
  if (napi_open_handle_scope(env, &handles) != napi_ok) return;
  listener_hear(instance->listener);
  if (napi_get_reference_value(env, instance->callback, &callback) == napi_ok &&
      napi_open_callback_scope(env, NULL, instance->context, &scope) == napi_ok) {
    pass_on(env, callback, instance->listener);
    napi_close_callback_scope(env, scope);
  }
  napi_close_handle_scope(env, handles);
}

static void wake(void *context) {
  struct instance *instance = context;
  napi_call_threadsafe_function(instance->wake, NULL, napi_tsfn_nonblocking);
}

static void poll_ended(void *hook) { napi_remove_async_cleanup_hook(hook); }

/* The environment waits for the end of it: its loop must not end before. */
static void end_poll(napi_async_cleanup_hook_handle hook, void *poll) { loop_poll_end(poll, poll_ended, hook); }

/* Doorbells that the event loop hears itself. Where that can't be had, the watch hears them. */
static void hear_doorbells(napi_env env, struct instance *instance, napi_value callback, napi_value name) {
  struct uv_loop_s *loop;
  struct loop_poll *poll = NULL;
  int descriptor = listener_doorbells(instance->listener);
  instance->env = env;
  bool prepared = descriptor >= 0 && napi_get_uv_event_loop(env, &loop) == napi_ok &&
                  napi_create_reference(env, callback, 1, &instance->callback) == napi_ok &&
                  napi_async_init(env, NULL, name, &instance->context) == napi_ok;
  if (prepared) poll = loop_poll_begin(loop, descriptor, on_doorbells, instance);
  if (poll != NULL) napi_add_async_cleanup_hook(env, end_poll, poll, NULL);
  else listener_without_doorbells(instance->listener);
}

static void stop_listening(void *data) {
  struct instance *instance = data;
  if (instance->context != NULL) napi_async_destroy(instance->env, instance->context);
  listener_close(instance->listener);
  napi_release_threadsafe_function(instance->wake, napi_tsfn_abort);
}

static void forget(void *data) {
  struct instance *instance = data;
  for (size_t i = 0; i < instance->file_count; i++) close_file(&instance->files[i]);
  free(instance->files);
  free(instance);
}

static napi_value listen(napi_env env, napi_callback_info info) {
  napi_value callback, name;
  take(env, info, 1, &callback);
  struct instance *instance = instance_of(env);
  if (instance->listener != NULL) return throw_errno(env, "listen", EALREADY);
  napi_create_string_utf8(env, "fat-threads", NAPI_AUTO_LENGTH, &name);
  napi_status status = napi_create_threadsafe_function(
      env, callback, NULL, name, 0, 1, NULL, NULL, instance, on_wake, &instance->wake);
  if (status != napi_ok) return throw_errno(env, "listen", ENOMEM);
  napi_unref_threadsafe_function(env, instance->wake);
  instance->listener = listener_create(instance, wake);
  if (instance->listener != NULL) {
    /* Hooks run last first: this one comes before the function's own. */
    napi_add_env_cleanup_hook(env, stop_listening, instance);
    hear_doorbells(env, instance, callback, name);
    return undefined(env);
  }
  napi_release_threadsafe_function(instance->wake, napi_tsfn_abort);
  return throw_errno(env, "listen", ENOMEM);
}

/* Asks for the events that wait. */
static napi_value deliver(napi_env env, napi_callback_info info) {
  (void)info;
  wake(instance_of(env));
  return undefined(env);
}

/* While held, the event loop stays alive. */
static napi_value hold(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  napi_threadsafe_function wake_function = instance_of(env)->wake;
  if (to_bool(env, value)) napi_ref_threadsafe_function(env, wake_function);
  else napi_unref_threadsafe_function(env, wake_function);
  return undefined(env);
}

/* ---- processes ---- */

static void lose_thread(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  watch_no_more(data);
  thread_kill(data);
  thread_release(data);
}

static napi_value spawn_host(napi_env env, napi_callback_info info) {
  napi_value values[10];
  take(env, info, 10, values);
  struct birth birth = {
      .id = (uint32_t)to_number(env, values[0]),
      .host = to_int(env, values[1]),
      .first = to_int(env, values[2]),
      .channel = to_int(env, values[3]),
      .streams = {to_bool(env, values[4]), to_bool(env, values[5])},
      .stack = (uint64_t)to_number(env, values[6]),
      .namespaces = (unsigned)to_number(env, values[7]),
      .files_permitted = to_bool(env, values[8]),
      .most_threads = (uint32_t)to_number(env, values[9]),
  };
  struct fat_thread *thread;
  int error = spawn(instance_of(env)->listener, &birth, &thread);
  if (error != 0) return throw_errno(env, "spawn", error);
  napi_value handle;
  if (napi_create_external(env, thread, lose_thread, NULL, &handle) == napi_ok) return handle;
  lose_thread(env, thread, NULL);
  return throw_errno(env, "spawn", ENOMEM);
}

static napi_value kill_thread(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  return done(env, "pidfd_send_signal", thread_kill(to_thread(env, value)));
}

static napi_value close_thread(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  thread_close(to_thread(env, value));
  return undefined(env);
}

/* [state, pid, errno, signal, exit code, namespaces, whether denials are heard] */
static napi_value inspect(napi_env env, napi_callback_info info) {
  napi_value value, result;
  take(env, info, 1, &value);
  struct fat_thread *thread = to_thread(env, value);
  thread_meet(thread);
  pthread_mutex_lock(&thread->lock);
  bool whole = thread->host != 0 || thread->state < STATE_ENDING;
  double facts[] = {
      thread->state,     whole ? thread->host : thread->pid, thread->error,
      thread->signal,    thread->exit_code,  thread->namespaces,
      thread->listener_descriptor >= 0,
  };
  pthread_mutex_unlock(&thread->lock);
  size_t count = sizeof facts / sizeof *facts;
  napi_create_array_with_length(env, count, &result);
  for (uint32_t i = 0; i < count; i++) napi_set_element(env, result, i, number(env, facts[i]));
  return result;
}

/* Seconds of processor time that the host has used, or NAN where there is none. */
static double used_by(struct fat_thread *thread) {
  double seconds = NAN;
  pthread_mutex_lock(&thread->lock);
  /* While it runs nobody has reaped it, and the number is no other's. */
  bool runs = thread->state == STATE_RUNNING && thread->host != 0;
  if (runs && clock_of_process(thread->host, &seconds) != 0) seconds = NAN;
  pthread_mutex_unlock(&thread->lock);
  return seconds;
}

static napi_value used_time(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  return number(env, used_by(to_thread(env, value)));
}

/* The same of many, into an array of numbers. */
static napi_value used_times(napi_env env, napi_callback_info info) {
  napi_value values[2], handle;
  take(env, info, 2, values);
  napi_typedarray_type type;
  uint32_t count = 0;
  size_t room = 0;
  void *numbers = NULL;
  napi_get_array_length(env, values[0], &count);
  bool taken = napi_get_typedarray_info(env, values[1], &type, &room, &numbers, NULL, NULL) == napi_ok;
  if (!taken || type != napi_float64_array || count > room) return throw_errno(env, "clock_gettime", EINVAL);
  double *seconds = numbers;
  for (uint32_t i = 0; i < count; i++) {
    napi_get_element(env, values[0], i, &handle);
    struct fat_thread *thread = to_thread(env, handle);
    seconds[i] = thread == NULL ? NAN : used_by(thread);
  }
  return undefined(env);
}

/* The host's first message, or undefined where it has not come. */
static napi_value introduction(napi_env env, napi_callback_info info) {
  napi_value value, buffer;
  take(env, info, 1, &value);
  struct fat_thread *thread = to_thread(env, value);
  thread_meet(thread);
  pthread_mutex_lock(&thread->lock);
  bool met = thread->host != 0;
  uint8_t bytes[FT_INTRODUCTION_BYTES];
  memcpy(bytes, thread->introduction, sizeof bytes);
  pthread_mutex_unlock(&thread->lock);
  if (!met) return undefined(env);
  if (napi_create_buffer_copy(env, sizeof bytes, bytes, NULL, &buffer) == napi_ok) return buffer;
  return throw_errno(env, "introduction", ENOMEM);
}

/* The head of the lane that stands at that offset of a view, or NULL. */
static struct ft_lane *to_lane(napi_env env, napi_value view, napi_value offset) {
  size_t bytes = 0;
  uint8_t *memory = to_memory(env, view, &bytes);
  double at = to_number(env, offset);
  if (memory == NULL || at < 0 || at + sizeof(struct ft_lane) > (double)bytes) return NULL;
  return (struct ft_lane *)(void *)(memory + (size_t)at);
}

static napi_value wait_thread(napi_env env, napi_callback_info info) {
  napi_value values[4];
  take(env, info, 4, values);
  struct ft_lane *lane = to_lane(env, values[2], values[3]);
  return number(env, thread_wait(to_thread(env, values[0]), lane, to_number(env, values[1])));
}

static napi_value watch_thread(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  return done(env, "epoll_ctl", watch_ring(to_thread(env, value)));
}

static napi_value ring(napi_env env, napi_callback_info info) {
  napi_value values[4];
  take(env, info, 4, values);
  struct ft_lane *lane = to_lane(env, values[1], values[2]);
  if (lane == NULL) return throw_errno(env, "futex", EINVAL);
  return done(env, "futex", doorbell_ring(to_thread(env, values[0]), lane, to_bool(env, values[3])));
}

static napi_value send_descriptors(napi_env env, napi_callback_info info) {
  napi_value values[3], element;
  take(env, info, 3, values);
  uint32_t count = 0;
  napi_get_array_length(env, values[1], &count);
  size_t bytes = 0;
  void *message = to_memory(env, values[2], &bytes);
  int descriptors[FT_OBJECTS];
  if (count > FT_OBJECTS || message == NULL) return throw_errno(env, "sendmsg", EINVAL);
  for (uint32_t i = 0; i < count; i++) {
    napi_get_element(env, values[1], i, &element);
    descriptors[i] = to_int(env, element);
  }
  return done(env, "sendmsg", thread_send(to_thread(env, values[0]), descriptors, count, message, bytes));
}

/* [bytes, dropped], or undefined where there is nothing new. */
static napi_value take_output(napi_env env, napi_callback_info info) {
  napi_value values[3], buffer, result;
  take(env, info, 3, values);
  struct fat_thread *thread = to_thread(env, values[0]);
  int stream = to_int(env, values[1]);
  double most = to_number(env, values[2]);
  /* Nobody else takes any: meanwhile there can only be more. */
  size_t length = thread_output_bytes(thread, stream);
  if ((double)length > most) length = (size_t)most;
  void *bytes;
  if (napi_create_buffer(env, length, &bytes, &buffer) != napi_ok) return throw_errno(env, "output", ENOMEM);
  uint64_t dropped = thread_take_output(thread, stream, bytes, length);
  if (length == 0 && dropped == 0) return undefined(env);
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, buffer);
  napi_set_element(env, result, 1, number(env, (double)dropped));
  return result;
}

/* ---- denials ---- */

/* How each system call is answered, by its number. */
static napi_value set_answers(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  size_t bytes = 0;
  const uint8_t *kinds = to_memory(env, value, &bytes);
  if (kinds == NULL) return throw_errno(env, "answers", EINVAL);
  denials_answers(kinds, bytes);
  return undefined(env);
}

/* [records, dropped], or undefined where there is nothing new. */
static napi_value take_denials(napi_env env, napi_callback_info info) {
  napi_value value, buffer, result;
  take(env, info, 1, &value);
  size_t count;
  uint64_t dropped;
  struct ft_denial *denials = denials_take(to_thread(env, value), &count, &dropped);
  if (count == 0 && dropped == 0) {
    free(denials);
    return undefined(env);
  }
  napi_status status = napi_create_buffer_copy(env, count * sizeof *denials, denials, NULL, &buffer);
  free(denials);
  if (status != napi_ok) return throw_errno(env, "denials", ENOMEM);
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, buffer);
  napi_set_element(env, result, 1, number(env, (double)dropped));
  return result;
}

/* Descriptors that the host may ask for by name; returns the first one's number. */
static napi_value provide(napi_env env, napi_callback_info info) {
  napi_value values[2], element;
  take(env, info, 2, values);
  uint32_t count = 0;
  napi_get_array_length(env, values[1], &count);
  int descriptors[FT_OBJECTS];
  if (count > FT_OBJECTS) return throw_errno(env, "provide", EINVAL);
  for (uint32_t i = 0; i < count; i++) {
    napi_get_element(env, values[1], i, &element);
    descriptors[i] = to_int(env, element);
  }
  size_t first;
  int error = denials_provide(to_thread(env, values[0]), descriptors, count, &first);
  return error == 0 ? number(env, (double)first) : throw_errno(env, "provide", error);
}

/* [listener's errno, version of Landlock or negative errno] */
static napi_value probe(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, number(env, probe_listener()));
  napi_set_element(env, result, 1, number(env, probe_landlock()));
  return result;
}

static napi_value probe_namespace(napi_env env, napi_callback_info info) {
  napi_value value;
  take(env, info, 1, &value);
  return number(env, probe_namespaces((unsigned)to_number(env, value)));
}

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}

NAPI_MODULE_INIT() {
  struct instance *instance = calloc(1, sizeof *instance);
  if (instance == NULL) return throw_errno(env, "fat-threads", ENOMEM);
  napi_set_instance_data(env, instance, NULL, NULL);
  napi_value digest_value;
  napi_create_buffer_copy(env, sizeof digest, digest, NULL, &digest_value);
  const napi_property_descriptor properties[] = {
      {"digest", NULL, NULL, NULL, NULL, digest_value, napi_enumerable, NULL},
      METHOD("createMemory", create_memory),
      METHOD("closeMemory", close_memory),
      METHOD("sealSize", seal_size),
      METHOD("sealContent", seal_content),
      METHOD("unchanged", unchanged),
      METHOD("map", map),
      METHOD("touch", touch),
      METHOD("unmap", unmap),
      METHOD("listen", listen),
      METHOD("deliver", deliver),
      METHOD("hold", hold),
      METHOD("spawn", spawn_host),
      METHOD("kill", kill_thread),
      METHOD("close", close_thread),
      METHOD("inspect", inspect),
      METHOD("usedTime", used_time),
      METHOD("usedTimes", used_times),
      METHOD("introduction", introduction),
      METHOD("wait", wait_thread),
      METHOD("watch", watch_thread),
      METHOD("ring", ring),
      METHOD("send", send_descriptors),
      METHOD("takeOutput", take_output),
      METHOD("setAnswers", set_answers),
      METHOD("takeDenials", take_denials),
      METHOD("provide", provide),
      METHOD("probe", probe),
      METHOD("probeNamespace", probe_namespace),
  };
  napi_add_env_cleanup_hook(env, forget, instance);
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}

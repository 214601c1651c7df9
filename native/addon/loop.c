/* The environment's event loop: only this file knows libuv. Node.js exports it; uv.h comes with no package that the
   addon is built with, so what is used of it is declared here, as uv.h of libuv 1 does. Within a major version
   neither functions nor numbers change. A test compares. */
#define _GNU_SOURCE
#include "addon.h"

#include <stdlib.h>

struct uv_loop_s;
typedef struct uv_handle_s uv_handle_t;
typedef struct uv_poll_s uv_poll_t;

#define FT_UV_POLL 8     /* of uv_handle_type */
#define FT_UV_READABLE 1 /* of uv_poll_event */

/* Weak: a program that has no libuv loads the addon all the same. */
#define MAYBE __attribute__((weak))
MAYBE size_t uv_handle_size(unsigned type);
MAYBE void *uv_handle_get_data(const uv_handle_t *handle);
MAYBE void uv_handle_set_data(uv_handle_t *handle, void *data);
MAYBE void uv_unref(uv_handle_t *handle);
MAYBE void uv_close(uv_handle_t *handle, void (*closed)(uv_handle_t *handle));
MAYBE int uv_poll_init(struct uv_loop_s *loop, uv_poll_t *poll, int descriptor);
MAYBE int uv_poll_start(uv_poll_t *poll, int events, void (*ready)(uv_poll_t *poll, int status, int events));

struct loop_poll {
  void (*ready)(void *context);
  void (*closed)(void *context);
  void *context;
  uv_poll_t *uv;
};

static void on_ready(uv_poll_t *uv, int status, int events) {
  (void)events;
  struct loop_poll *poll = uv_handle_get_data((uv_handle_t *)uv);
  if (status == 0) poll->ready(poll->context);
}

static void on_closed(uv_handle_t *uv) {
  struct loop_poll *poll = uv_handle_get_data(uv);
  poll->closed(poll->context);
  free(poll->uv);
  free(poll);
}

struct loop_poll *loop_poll_begin(void *loop, int descriptor, void (*ready)(void *context), void *context) {
  if (uv_poll_init == NULL) return NULL;
  struct loop_poll *poll = calloc(1, sizeof *poll);
  if (poll == NULL) return NULL;
  *poll = (struct loop_poll){.ready = ready, .context = context, .uv = calloc(1, uv_handle_size(FT_UV_POLL))};
  if (poll->uv == NULL || uv_poll_init(loop, poll->uv, descriptor) != 0) {
    free(poll->uv);
    free(poll);
    return NULL;
  }
  uv_handle_t *handle = (uv_handle_t *)poll->uv;
  uv_handle_set_data(handle, poll);
  /* It fails only where it is closed. */
  uv_poll_start(poll->uv, FT_UV_READABLE, on_ready);
  uv_unref(handle);
  return poll;
}

void loop_poll_end(struct loop_poll *poll, void (*closed)(void *context), void *context) {
  poll->closed = closed;
  poll->context = context;
  uv_close((uv_handle_t *)poll->uv, on_closed);
}

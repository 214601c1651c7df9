/* The host: one file per thing that only it may do, and what each offers the others. */
#ifndef FT_HOST_H
#define FT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ft_protocol.h"

/* Tables of which a start touches little stand apart: what lies between them would be a page each. */
#define FT_LARGE __attribute__((section(".bss.large")))

/* How a request went, before it is published. */
struct answer {
  uint32_t status;
  uint32_t error; /* errno after the call */
  uint32_t length;
  uint64_t value;
};

/* channel.c: the shared memory. */
int channel_map(int descriptor, struct ft_start **start);
int channel_grants(uint32_t upto);
int channel_objects(uint32_t library, uint32_t wanted, int *descriptors);
void channel_refuse(int descriptor, uint32_t state, uint32_t step, int error);

/* isolate.c: what the process gives up before it runs foreign code. Each returns 0 or an errno. */
int isolate_from_parent_end(uint32_t parent);
int isolate_session(void);
int isolate_privileges(void);
int isolate_signals(void);

/* policy.c: what the program wants given up. */
struct text {
  uint32_t kind; /* FT_TEXT_* */
  uint32_t bytes;
  char text[];
};
struct sock_filter;
struct sock_filter *policy_filter(struct ft_policy *policy);
const uint32_t *policy_patches(const struct ft_policy *policy);
const struct text *policy_text(const struct ft_policy *policy, const struct text *text);

/* One mechanism of the sandbox a file; each returns 0 or an errno. */
int limits_no_core(void);
void limits_apply(const struct ft_policy *policy, uint32_t *outcomes);
int limits_introduce(void);
int limits_open_files(const struct ft_policy *policy);
int capabilities_drop(void);
int landlock_restrict(const struct ft_policy *policy, uint32_t *version);
/* Completes the filter where it stands. */
int filter_install(struct ft_policy *policy, int *listener);
int namespaces_tree(const struct ft_policy *policy);

/* introduce.c: who this is, and the listener, which is closed here. */
int introduce(const struct ft_introduction *introduction, int listener);

/* ring.c: one lane's two rings and sleep flags; the only home of memory ordering. */
struct ring {
  struct ft_lane *lane;
  uint8_t *responses;
  uint8_t *requests;
  uint32_t *program_asleep;
  uint32_t last_slot;      /* slots minus one */
  uint32_t strand;         /* of the thread that serves it; of an outermost lane, its number */
  uint32_t sequence;       /* of the request that is served, or was last */
  uint32_t mute;           /* of the request that calls nobody back any more */
  uint64_t spin_limit;     /* nanoseconds */
  uint64_t spin_budget;    /* nanoseconds, follows the gaps between requests */
  uint32_t vain;           /* waits since the last one that spinning shortened */
  bool woke_program;       /* to hear the last answer */
  bool awaits_waking;      /* it pays to stay awake meanwhile */
  uint32_t together;       /* wake-ups in a row on the processor that the program rang from */
  uint32_t together_most;
  uint32_t released;       /* the request after which the heap was given back */
  uint64_t woke;           /* nanoseconds: when its thread last woke up */
  uint32_t served_before;  /* the last request before that */
  bool hurries;            /* requests behind it were short */
};
void ring_open(struct ring *ring, void *lane, uint32_t spin_limit);
void ring_open_inner(struct ring *ring, void *lane, uint32_t spin_limit, uint32_t strand);
struct ft_request *ring_next(struct ring *ring);
/* Nothing has been asked that is not served yet. */
bool ring_quiet(const struct ring *ring);
/* The operation of a request that the program can't take back any more. */
uint32_t ring_begin(struct ft_request *request);
/* Where it is not the last of several that are waited for together, nobody is woken for it. */
void ring_answer(struct ring *ring, const struct answer *answer, bool last);
/* The operation of a request that is there already, or FT_OPERATION_BEGUN. */
uint32_t ring_coming(const struct ring *ring);
/* The response to the request that is served, to be filled in. */
struct ft_response *ring_response(const struct ring *ring);
/* Publishes it as a callback. */
void ring_call_back(struct ring *ring);
void start_publish(struct ft_start *start);
/* Whether this caller is the first to put its value in the place of 0. */
bool ring_claim(uint32_t *word, uint32_t value);
void ring_give_up(uint32_t *word);

/* processor.c: which processor this thread runs on. Plus one; 0 where it can't be told. */
uint32_t processor_now(void);
/* Moves this thread to another one that it may run on, where there is one. */
void processor_leave(void);
/* Whoever needs a processor for a moment only gets it sooner, where the kernel is told so. */
void processor_hurry(bool hurries);

/* heap.c: what the C library keeps of the heap between calls. */
void heap_keep(void);
/* Whether there may be much to give back; the process's first thread can tell. */
bool heap_worth_releasing(bool first);
void heap_release(bool first);

/* message.c: serves the requests of one lane, one after the other. */
_Noreturn void message_serve(struct ring *ring);
/* The same, where the program may take requests back. */
_Noreturn void message_serve_beside(struct ring *ring);
/* Until the answer to a callback comes. */
const struct ft_request *message_serve_callback(struct ring *ring);

/* lanes.c: threads that serve a lane each. Returns 0 or an errno; the first lane is its caller's. */
int lanes_start(uint8_t *channel, struct ft_start *start);
_Noreturn void lanes_serve_first(struct ft_start *start);

/* warm.c: pages that come before somebody waits for them. */
void warm_channel(uint8_t *lane);
void warm_process(void);

/* library.c: the only caller of the loader. */
struct object {
  uint64_t flags; /* FT_OBJECT_*; becomes the load address */
  uint64_t name;
};
uint32_t library_load(uint32_t library, uint32_t count, struct object *objects, char *why, uint64_t *failed);
void *library_symbol(uint32_t library, const char *name);
/* Goes the way of a library, and ends where it is found to be there. */
void library_rehearse(void);

/* descriptors.c: descriptors that come through the socket. Returns an errno; `count` becomes what came. */
int descriptors_receive(struct ft_grant *grant, uint32_t *count, int *descriptors);

/* call.c: the only caller of foreign functions. */
struct types {
  const uint32_t *words; /* the result, then the arguments */
  uint32_t count;
  uint32_t fixed; /* arguments before "..." plus one, or 0 */
};
uint32_t call_bind(uint32_t id, void *function, struct types types);
uint32_t call_run(uint32_t id, uint64_t *words, uint32_t *text, struct answer *answer);

/* series.c: several calls in one request, until one stops it; the answer's value becomes how many ran. */
void series_run(const struct ring *ring, struct ft_step *step, uint64_t count, struct answer *answer);

/* callback.c: functions that the program answers. */
void callback_begin(struct ft_start *start);
/* This thread serves that lane. */
void callback_open(struct ring *outermost);
uint32_t callback_prepare(void *lanes, uint32_t first, uint32_t count, struct types types);

/* text.c: results that are text. */
uint64_t text_measure(const void *text, uint32_t unit, uint64_t most);
uint32_t text_result(const void *text, uint32_t unit, char *room, uint32_t capacity, struct answer *answer);
uint32_t text_take(void *target, uint64_t handle, uint64_t bytes);

/* crash.c: the signal handler, its report, and copies that may fault. */
int crash_watch(struct ft_crash *report);
/* The same for another thread that serves a lane. */
int crash_watch_lane(uint32_t lane);
bool crash_guarded_copy(uint32_t strand, void *target, const void *source, uint64_t bytes);
bool crash_guarded_measure(
    uint32_t strand, const void *text, uint32_t unit, uint64_t most, uint64_t *length);

#endif

/* The addon: what the program needs from the kernel. Only addon.c knows Node-API, and only loop.c libuv. */
#ifndef FT_ADDON_H
#define FT_ADDON_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* memory.c: sealed memory files and their mappings. Each returns 0 or an errno. */
int memory_create(const char *name, uint64_t bytes, bool executable, int *descriptor);
int memory_seal_size(int descriptor);
int memory_seal_content(int descriptor);
int memory_map(void *address, size_t bytes, int descriptor, uint64_t offset);
int memory_unmap(void *address, size_t bytes);
void memory_touch(uint8_t *from, size_t bytes);
/* A sealed file in the program's own memory too: the address, or NULL where it is too large for that. */
void *memory_hold(int descriptor, size_t *bytes);
void memory_let_go(void *held, size_t bytes);

/* files.c: device, inode, size, and the times of content and state in nanoseconds; zeros where nothing is. */
#define FILE_NUMBERS 5
bool files_unchanged(const char *paths, size_t bytes, const uint64_t *numbers, size_t count);

/* What happened to a fat thread since the program last asked. */
enum { EVENT_RING = 1, EVENT_OUTPUT = 2, EVENT_HANGUP = 4, EVENT_ENDED = 8, EVENT_DENIAL = 16, EVENT_MET = 32 };

#define FT_INTRODUCTION_BYTES 48

enum state { STATE_STARTING, STATE_RUNNING, STATE_ENDING, STATE_ENDED, STATE_FAILED };

/* Text of a standard stream that the program has not taken yet. */
struct stream {
  int descriptor; /* -1 when there is none */
  char *bytes;
  size_t begin; /* of what was not taken */
  size_t length;
  uint64_t dropped;
};

struct fat_thread;

/* One of a fat thread's descriptors, as epoll knows it. */
struct source {
  struct fat_thread *thread;
  enum { SOURCE_SOCKET, SOURCE_PROCESS, SOURCE_OUTPUT, SOURCE_ERROR, SOURCE_DENIALS, SOURCE_END } kind;
};

struct fat_thread {
  uint32_t id; /* the program's */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  unsigned owners; /* the program's handle, and the watch while the process lives */
  enum state state;
  bool kill_wanted;
  int error;  /* errno, where the state is FAILED */
  int signal; /* that ended it, or 0 */
  int exit_code;
  pid_t pid;   /* the child */
  pid_t host;  /* the process that holds the libraries; 0 until it has introduced itself */
  uint8_t introduction[FT_INTRODUCTION_BYTES];
  unsigned namespaces; /* that the child has of its own: flags of clone */
  int process; /* pidfd of the child; the watch's until it is reaped */
  bool reaped;
  int end; /* eventfd: the first process of a namespace says how the host ended; -1 without one */
  int socket;
  int watched_by; /* the epoll that the socket is in, or -1 */
  bool ring_wanted; /* asked for before the process was there */
  struct stream streams[2];
  struct source sources[6];
  /* denials.c */
  int listener_descriptor;
  bool files_permitted;
  uint32_t most_threads;
  uint32_t answered; /* in this window */
  int *provided;     /* descriptors that wait to be asked for; -1 when they were */
  size_t provided_count;
  struct ft_denial *denials;
  size_t denial_count;
  uint64_t denials_dropped;
  struct fat_thread *next_muted;
  uint32_t events;
  struct fat_thread *next; /* in the listener's list of those with events */
  struct fat_thread *next_dead;
  struct listener *listener;
};

/* One JavaScript environment that wants to hear of events. */
struct listener {
  pthread_mutex_t lock;
  unsigned owners;
  struct fat_thread *pending; /* first come, first taken */
  struct fat_thread **pending_end;
  size_t pending_count;
  bool woken; /* and has not taken all that was pending since */
  int doorbells; /* epoll of sockets, for the environment's thread alone; -1 where the watch hears them */
  void *context;
  void (*wake)(void *context); /* NULL once the environment is gone */
};

struct listener *listener_create(void *context, void (*wake)(void *context));
void listener_close(struct listener *listener);
/* Before it has threads: the epoll that is readable when a doorbell rings, or -1; and that there shall be none. */
int listener_doorbells(struct listener *listener);
void listener_without_doorbells(struct listener *listener);
/* Doorbells that rang become events that pend, on the environment's thread, which takes them and rests. */
void listener_hear(struct listener *listener);
size_t listener_pending(struct listener *listener);
/* Takes one thread with events off the list; the caller then owns a reference. */
struct fat_thread *listener_take(struct listener *listener, uint32_t *events);
/* Ends a wake-up where nothing is pending any more; otherwise the environment has to come back for the rest. */
bool listener_rest(struct listener *listener);

/* spawn.c */
struct birth {
  uint32_t id;
  int host;  /* executable */
  int first; /* what the first process of a namespace executes */
  int channel;
  bool streams[2]; /* captured, or discarded */
  uint64_t stack;  /* bytes */
  unsigned namespaces; /* that it shall have of its own, where that is allowed */
  bool files_permitted;
  uint32_t most_threads;
};
int spawn(struct listener *listener, const struct birth *birth, struct fat_thread **thread);

/* loop.c: polls a descriptor in the environment's event loop, without keeping that alive; NULL where it can't. */
struct loop_poll;
struct loop_poll *loop_poll_begin(void *loop, int descriptor, void (*ready)(void *context), void *context);
/* The loop must not end before `closed` is called. */
void loop_poll_end(struct loop_poll *poll, void (*closed)(void *context), void *context);

/* wait.c: one thread that watches every process, and the program's blocking waits. */
int watch_begin(struct fat_thread *thread);
int watch_ring(struct fat_thread *thread);
/* Its doorbell is never asked for again: the environment's thread no longer holds it. */
void watch_no_more(struct fat_thread *thread);
void thread_failed(struct fat_thread *thread, int error);
int thread_kill(struct fat_thread *thread);
struct ft_lane;
/* Where the program blocks for a lane, that lane; else NULL. */
uint32_t thread_wait(struct fat_thread *thread, struct ft_lane *lane, double milliseconds);
int thread_send(
    struct fat_thread *thread, const int *descriptors, size_t count, void *message, size_t bytes);
/* How many bytes of a stream wait; and takes the first ones, at most so many as wait. Returns how many were dropped
 * behind the last ones, once those are taken. */
size_t thread_output_bytes(struct fat_thread *thread, int stream);
uint64_t thread_take_output(struct fat_thread *thread, int stream, void *into, size_t length);
void thread_close(struct fat_thread *thread);
void thread_release(struct fat_thread *thread);
/* `apart`: not where the program goes on. */
int doorbell_ring(struct fat_thread *thread, struct ft_lane *lane, bool apart);
/* Takes the host's first message where it is there. */
void thread_meet(struct fat_thread *thread);

/* denials.c */
#define FT_PROVIDED "/fat-thread/"
struct ft_denial;
enum heard { HEARD_NOTHING, HEARD_DENIAL, HEARD_ENOUGH, HEARD_END };
void denials_answers(const uint8_t *kinds, size_t count);
enum heard denials_hear(struct fat_thread *thread);
struct ft_denial *denials_take(struct fat_thread *thread, size_t *count, uint64_t *dropped);
int denials_provide(struct fat_thread *thread, const int *descriptors, size_t count, size_t *first);
void denials_close(struct fat_thread *thread);

/* clock.c: seconds of processor time. Returns 0 or an errno. */
int clock_of_process(pid_t pid, double *seconds);

/* processor.c: keeps a process off the caller's processor, where it may run on another one; then it may run anywhere it
 * might before. */
bool processors_avoid(pid_t host, cpu_set_t *may);
void processors_restore(pid_t host, const cpu_set_t *may);

/* probe.c: each returns 0 or an errno; the version of Landlock, or a negative errno. */
int probe_listener(void);
int probe_namespaces(unsigned flags);
int probe_landlock(void);

#endif

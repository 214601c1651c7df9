/**
 * The protocol between program and host, written once: this file is read by the TypeScript side as it is,
 * and `scripts/protocol-header.mjs` writes `native/include/ft_protocol.h` from it for the C side.
 *
 * The channel is memory that both sides map, in sealed files. Its fixed parts, in order:
 *
 *   start   who belongs together, and how the start went
 *   crash   what the host's signal handler saw
 *   policy  what the host gives up before it loads anything
 *   lanes   each one line of execution: two sleep flags, the response ring, the request ring
 *
 * A function that calls back is answered in between, with `STATUS.CALLBACK`; what the callback asks for and its own
 * answer go through an inner lane, which exists for each depth of nesting. All inner lanes are memory that is granted
 * before the first callback.
 *
 * Large arguments and shared memory are files of their own, granted through the socket. The host maps what it
 * was granted and no more.
 *
 * The program chooses the addresses at which the host maps all this, so it can write final addresses
 * for pointer arguments before the host even runs.
 *
 * A message is published by its sequence number, the first word of its record, stored last. Sequence
 * numbers of a lane count from 1, wrap at 32 bits and skip nothing; slot `n mod SLOTS` holds message n.
 */
import { defineLayout } from './layout.ts'

/** Numbers that both sides must agree on. */
export const LIMITS = {
  /** Most lanes of one fat thread, each served by a thread of its own. */
  LANES: 64,
  /** Messages in flight on one lane. A power of two. */
  SLOTS: 128,
  /** Messages in flight on an inner lane. A power of two. */
  INNER_SLOTS: 16,
  /** Bytes of a request with its argument block. */
  REQUEST_BYTES: 1024,
  /** Bytes of a response: one cache line. */
  RESPONSE_BYTES: 64,
  /** Most bytes of an error text in a request's room. */
  TEXT_BYTES: 896,
  /** Most arguments of one call. */
  ARGUMENTS: 126,
  /** Most functions bound in one fat thread. */
  FUNCTIONS: 65536,
  /** Functions of the program that C can call at a time. */
  CALLBACKS: 2048,
  /** Bytes from the code of one callback to that of the next. */
  CALLBACK_BYTES: 16,
  /** How deep calls and callbacks nest: inner lanes of each thread that serves a lane. */
  DEPTH: 16,
  /** Threads of the library that call back at a time, and their inner lanes. */
  THREADS: 8,
  THREAD_DEPTH: 4,
  /** Words of a callback's arguments that stand in the response itself. */
  INLINE_WORDS: 6,
  /** Most frames of a backtrace. */
  FRAMES: 64,
  /** Most objects that one load brings in: the kernel passes at most 253 descriptors at a time. */
  OBJECTS: 250,
  /** Bytes of the policy with its filter, paths and environment. */
  POLICY_BYTES: 65536,
  /** Bytes of a path in a denial, with its end. */
  DENIED_PATH_BYTES: 256,
  /** Distance of two words that different processors write: a line and the one prefetched with it. */
  APART: 128,
} as const

/** What a request asks for. */
export const OPERATION = {
  /** Do nothing: the answer says that the host serves. */
  PING: 0,
  /** Call a bound function; the words are its arguments. */
  CALL: 1,
  /**
   * Load objects, dependencies first, and keep the last one as a library. Words: library, count, address of
   * `count` pairs (flags, address of the name); the host writes each object's load address over its flags.
   * The descriptors of objects without `BY_NAME` wait in the socket, in order, in a message with the library's number.
   */
  LOAD: 2,
  /**
   * Bind a function. Words: function, library, address of the name, address of its types, how many 32-bit words they
   * are (the result, then the arguments), arguments before `...` plus one, or 0 for a function without `...`.
   */
  BIND: 3,
  /** Copy from an address of the fat thread. Words: destination, source, bytes. */
  READ: 4,
  /** Copy to an address of the fat thread. Words: destination, source, bytes. */
  WRITE: 5,
  /** Copy a kept text out and forget it. Words: destination, handle, bytes. */
  TAKE: 6,
  /** Measure a text. Words: address, bytes of a unit, most bytes. The value is its length in bytes. */
  MEASURE: 7,
  /** Run destructors and end. */
  CLOSE: 8,
  /**
   * Find a variable, copy it out, copy into it. Words: library, address of the name, bytes, destination or 0, source
   * or 0. The value is the variable's address.
   */
  VARIABLE: 9,
  /** Bind what stands at an address. Words: function, address, and the last three as in `BIND`. */
  BIND_AT: 10,
  /**
   * Make callbacks of one type. Words: address of the inner lanes, number of the first callback, how many, address of
   * their types, how many 32-bit words they are. Asked again, it changes nothing.
   */
  PREPARE: 11,
  /**
   * On an inner lane: the callback that it was opened for is over, and there is no response. The word is its result,
   * or the result's address for a structure; `function` is `ANSWER_MUTE` or 0.
   */
  ANSWER: 12,
  /** Nobody serves it: stands where a thread of the library finds a request to call back for. */
  LISTEN: 13,
  /**
   * Where there are several lanes, the host claims a request before it serves it: it puts `BEGUN` in the operation's
   * place. Until then the program may put `WITHDRAWN` there; the answer then means nothing.
   */
  BEGUN: 14,
  WITHDRAWN: 15,
  /**
   * Several calls, one after the other, until a result stops it or a callback fails. Words: address of the first step,
   * how many there are. The value is how many ran to their end, the length 1 where a result stopped it.
   */
  SERIES: 16,
} as const

/** Which result of a step is the last one of its series. */
export const STOP = { NEVER: 0, ZERO: 1, NONZERO: 2, NEGATIVE: 3 } as const

/** With an answer: whatever the same request calls back later gets zeros at once. */
export const ANSWER_MUTE = 1

/** How a request went. */
export const STATUS = {
  OK: 0,
  /** The loader said no; the response's text says why. */
  LOAD_FAILED: 1,
  /** No such symbol. */
  NO_SYMBOL: 2,
  /** An address that can't be read or written. */
  BAD_ADDRESS: 3,
  /** The host has no memory left. */
  NO_MEMORY: 4,
  /** The host lost its socket: what was sent beside the request did not arrive. */
  CUT_OFF: 5,
  /**
   * Not over: the function calls back. `length` is the callback's number, the argument words begin at `value`; those
   * that don't fit stand in the inner lane. The response's number is taken back before the callback is answered.
   */
  CALLBACK: 6,
} as const

/** How an argument or a result stands in memory; values of one word unless said otherwise. */
export const TAG = {
  VOID: 0,
  U8: 1,
  I8: 2,
  U16: 3,
  I16: 4,
  U32: 5,
  I32: 6,
  U64: 7,
  I64: 8,
  F32: 9,
  F64: 10,
  BOOL: 11,
  POINTER: 12,
  /** Results only: a NUL-terminated text of 1-, 2- or 4-byte units, copied out with the response. */
  TEXT8: 13,
  TEXT16: 14,
  TEXT32: 15,
  /**
   * A structure by value: its size, alignment and number of elements follow, and a tag for each element. The
   * argument's word is the address of its bytes; for a result, a word behind the arguments is.
   */
  AGGREGATE: 16,
} as const

/** How the start went, in `START.state`. */
export const START_STATE = {
  /** Nothing said yet. */
  NONE: 0,
  /** The host serves requests. */
  READY: 1,
  /** The host was built from another protocol. */
  STRANGER: 2,
  /** A step failed; `START.step` and `START.error` say which and why. */
  FAILED: 3,
} as const

/** The steps of the host's start that can fail. */
export const START_STEP = {
  NONE: 0,
  MAP: 1,
  PARENT: 2,
  SESSION: 3,
  LIMITS: 4,
  PRIVILEGES: 5,
  SIGNALS: 6,
  DESCRIPTORS: 7,
  ENVIRONMENT: 8,
  FILTER: 9,
  LANES: 10,
} as const

/** What a sandbox is made of, in the order of the host's start: each has its errno in `INTRODUCTION`. */
export const MECHANISM = {
  /** A root directory of its own with nothing in it but what is permitted. */
  TREE: 0,
  MEMORY: 1,
  CPU_TIME: 2,
  OPEN_FILES: 3,
  FILE_SIZE: 4,
  CAPABILITIES: 5,
  LANDLOCK: 6,
  FILTER: 7,
  /** Denials are told to the program. */
  LISTENER: 8,
  COUNT: 9,
} as const

/** The outcome of a mechanism that was not asked for. */
export const UNTRIED = 0xffff_ffff

/** What a policy asks for, as bits. */
export const POLICY_FLAG = {
  SANDBOX: 1,
  /** Denied calls wait for the program's answer. */
  LISTENER: 2,
  /** The network is permitted. */
  NETWORK: 4,
  /** Starting programs is permitted. */
  RUN: 8,
  LANDLOCK: 16,
} as const

/** What stands behind the policy, one after the other, each at a multiple of eight bytes. */
export const POLICY_TEXT = {
  READ: 1,
  WRITE: 2,
  ENVIRONMENT: 4,
  /** Two texts: the name of a path before its links were followed, and the path. */
  LINK: 8,
} as const

/** What only the host knows, to be put into the filter's constants. */
export const PATCH = {
  PROCESS: 0,
  /** Read-only data of the C library and of its loader: first byte and the one behind the last, low and high words. */
  C_FROM_LOW: 1,
  C_FROM_HIGH: 2,
  C_TO_LOW: 3,
  C_TO_HIGH: 4,
  LOADER_FROM_LOW: 5,
  LOADER_FROM_HIGH: 6,
  LOADER_TO_LOW: 7,
  LOADER_TO_HIGH: 8,
  COUNT: 9,
} as const

/** How the program answers a system call that it is asked about. */
export const QUESTION = {
  /** No, and it is no path call. */
  PLAIN: 0,
  /** No; a path is in the first or in the second argument. */
  PATH_FIRST: 1,
  PATH_SECOND: 2,
  /** The same, of the calls that a permission for files lets through to the kernel's own check. */
  FILE_FIRST: 3,
  FILE_SECOND: 4,
  /** A new thread: yes, up to the limit. */
  THREAD: 5,
} as const

/** The namespaces that a process may have of its own: the kernel's flags of `clone`. */
export const NAMESPACE = {
  USER: 0x1000_0000,
  PID: 0x2000_0000,
  NET: 0x4000_0000,
  MOUNT: 0x0002_0000,
  IPC: 0x0800_0000,
  UTS: 0x0400_0000,
  CGROUP: 0x0200_0000,
} as const

/** A load request's flags for one object. */
export const OBJECT_FLAG = {
  /** The name is a path or a name for the system's loader; no descriptor comes with it. */
  BY_NAME: 1,
  /** Its symbols are visible to all objects loaded later. */
  GLOBAL: 2,
  /** Its functions are bound at their first call. */
  LAZY: 4,
  /** It looks for symbols in itself and in what it needs before it looks in what is global. */
  DEEP: 8,
} as const

/** The descriptors that a host is born with. */
export const DESCRIPTOR = {
  INPUT: 0,
  OUTPUT: 1,
  ERROR: 2,
  CHANNEL: 3,
  SOCKET: 4,
  COUNT: 5,
} as const

/**
 * Of the first process of a namespace, which has nothing else: an eventfd that gets the wait status of the host, plus
 * `ENDED`, when nobody is left in the namespace.
 */
export const DESCRIPTOR_END = 3

/** First part: who belongs together. The program writes the first line, the host the second. */
export const START = defineLayout('start', 4096, [
  ['digest', 'u8', 32],
  ['address', 'u64', 1],
  ['bytes', 'u64', 1],
  ['program', 'u32', 1],
  ['lanes', 'u32', 1],
  /** Longest time to stay awake without work, in nanoseconds. */
  ['spin', 'u32', 1],
  /** How many lanes, from the first on, stay awake at all. */
  ['awake', 'u32', 1],
  ['pad', 'u32', 12],
  ['hostDigest', 'u8', 32],
  ['state', 'u32', 1],
  ['step', 'u32', 1],
  ['error', 'u32', 1],
  ['pad1', 'u32', 1],
  /** Where the code of the first callback is. */
  ['callbacks', 'u64', 1],
])

/** Set in what the first process says, with the status. */
export const ENDED = 0x1_0000

/** What the host tried once it was shut in. */
export const PROBE = { OPENED_ROOT: 1, SIGNALLED_PARENT: 2 } as const

/** What the host gives up before it loads anything; filter, patches and texts follow it. */
export const POLICY = defineLayout('policy', 64, [
  ['flags', 'u32', 1],
  /** Instructions of the filter, 8 bytes each. */
  ['instructions', 'u32', 1],
  /** Pairs (instruction, `PATCH`). */
  ['patches', 'u32', 1],
  /** Each: kind, bytes with the end, and the text. */
  ['texts', 'u32', 1],
  /** Bytes, seconds, counts; all ones where there is no limit. */
  ['memory', 'u64', 1],
  ['cpuTime', 'u64', 1],
  ['openFiles', 'u64', 1],
  ['fileSize', 'u64', 1],
])

/** The first message of a host, sent before it loads anything: what came of its policy. */
export const INTRODUCTION = defineLayout('introduction', 48, [
  /** Of each mechanism: 0, an errno, or `UNTRIED`. */
  ['outcomes', 'u32', MECHANISM.COUNT],
  /** The version of Landlock that is in force. */
  ['landlock', 'u32', 1],
  /** What was tried inside and must not work: bits of `PROBE` for what worked. */
  ['probes', 'u32', 1],
])

/** A denied system call, as the addon hands it to the program. */
export const DENIAL = defineLayout('denial', 72 + LIMITS.DENIED_PATH_BYTES, [
  ['process', 'u32', 1],
  ['number', 'u32', 1],
  /** 0 where the call was let through to the kernel's own check. */
  ['denied', 'u32', 1],
  ['pad', 'u32', 1],
  ['arguments', 'u64', 6],
  /** Bytes of the path; 0 where there is none or it can't be read. */
  ['length', 'u64', 1],
  ['path', 'u8', LIMITS.DENIED_PATH_BYTES],
])

/** Second part: the report of the signal handler. `frames` is stored last. */
export const CRASH = defineLayout('crash', 4096, [
  ['signal', 'u32', 1],
  ['code', 'u32', 1],
  ['address', 'u64', 1],
  ['frames', 'u32', 1],
  ['pad', 'u32', 1],
  ['frame', 'u64', LIMITS.FRAMES],
  /** The system call that a `SIGSYS` is about. */
  ['call', 'u32', 1],
  /** Whether there was no memory left. */
  ['exhausted', 'u32', 1],
  /** The lane that the thread served, plus one; 0 for a thread of the library. */
  ['lane', 'u32', 1],
])

/**
 * The head of a lane. `asleep` words say that a side waits for its doorbell; the other side looks at them
 * with each message, so what changes with each message stands apart from them.
 */
export const LANE = defineLayout('lane', 4096, [
  ['programAsleep', 'u32', 1],
  ['pad0', 'u32', 31],
  ['hostAsleep', 'u32', 1],
  /** The processor that the program last rang from, plus one. */
  ['rungFrom', 'u32', 1],
  /** The processor that the program fell asleep on while it blocks, plus one. */
  ['sleptOn', 'u32', 1],
  ['pad1', 'u32', 29],
  /** The last request that the host began. */
  ['begun', 'u32', 1],
  ['pad2', 'u32', 31],
  /** Of an inner lane: the argument words of the callback that it was opened for, those in the response left out. */
  ['words', 'u64', LIMITS.ARGUMENTS],
])

/** A request; the words go on to the end of the slot. */
export const REQUEST = defineLayout('request', LIMITS.REQUEST_BYTES, [
  ['sequence', 'u32', 1],
  ['operation', 'u16', 1],
  /** Where in this slot a text result may be written, to the slot's end. */
  ['room', 'u16', 1],
  ['function', 'u32', 1],
  /** The number of the last grant that waits in the socket and comes before this request, or 0. */
  ['grants', 'u32', 1],
  ['words', 'u64', LIMITS.ARGUMENTS],
])

/** One call of a series; its words follow, and its feeds behind them. */
export const STEP = defineLayout('step', 48, [
  ['function', 'u32', 1],
  /** How many words and feeds there are. */
  ['words', 'u32', 1],
  ['feeds', 'u32', 1],
  /** `STOP`, and how the result stands in `value`. */
  ['stop', 'u32', 1],
  ['tag', 'u32', 1],
  /** Written by the host: 1 once it has begun, and what a response has. A text is always kept. */
  ['begun', 'u32', 1],
  ['status', 'u32', 1],
  ['error', 'u32', 1],
  ['length', 'u32', 1],
  ['pad', 'u32', 1],
  ['value', 'u64', 1],
])

/** A value in memory that becomes a word of a step just before it runs. */
export const FEED = defineLayout('feed', 16, [
  ['word', 'u32', 1],
  ['tag', 'u32', 1],
  ['address', 'u64', 1],
])

/** Words of a step, whatever its function takes: so many are passed in registers. */
export const STEP_WORDS_LEAST = 8

/** A response: one cache line. */
export const RESPONSE = defineLayout('response', LIMITS.RESPONSE_BYTES, [
  ['sequence', 'u32', 1],
  ['status', 'u32', 1],
  ['error', 'u32', 1],
  /** Bytes of a text: in the request's room when they fit, else kept by the host under `value`. */
  ['length', 'u32', 1],
  ['value', 'u64', 1],
  ['words', 'u64', LIMITS.INLINE_WORDS - 1],
])

/**
 * A message on the socket: map its descriptor there, or without a descriptor, unmap what is there. Of 0 bytes: objects
 * to load, and the number of their library in the address's place.
 */
export const GRANT = defineLayout('grant', 16, [
  ['address', 'u64', 1],
  ['bytes', 'u64', 1],
])

/** Where the parts begin. */
export const OFFSET = {
  START: 0,
  CRASH: START.bytes,
  POLICY: START.bytes + CRASH.bytes,
  LANES: START.bytes + CRASH.bytes + LIMITS.POLICY_BYTES,
  /** Inside a lane. */
  RESPONSES: LANE.bytes,
  REQUESTS: LANE.bytes + LIMITS.SLOTS * LIMITS.RESPONSE_BYTES,
} as const

export const LANE_BYTES = OFFSET.REQUESTS + LIMITS.SLOTS * LIMITS.REQUEST_BYTES

/** An inner lane: the same with fewer slots. */
export const INNER_REQUESTS = LANE.bytes + LIMITS.INNER_SLOTS * LIMITS.RESPONSE_BYTES
export const INNER_LANE_BYTES = INNER_REQUESTS + LIMITS.INNER_SLOTS * LIMITS.REQUEST_BYTES

/**
 * Where the inner lanes are: first those of each thread that serves a lane, from the outermost on; then of each other
 * thread the lane that it calls back on and its inner ones.
 */
export function innerLanes(lanes: number): number {
  return lanes * LIMITS.DEPTH + LIMITS.THREADS * (1 + LIMITS.THREAD_DEPTH)
}

/** Bytes of the fixed parts of a channel with so many lanes. */
export function fixedBytes(lanes: number): number {
  return OFFSET.LANES + lanes * LANE_BYTES
}

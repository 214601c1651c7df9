export type { UntypedFunction, WithOptions } from './bound-function.ts'
export type { Callable, CallableWith, CFunction, DeclaredText, Symbols } from './callable.ts'
export type { CallablePointer } from './callable-pointers.ts'
export type { VariadicArgument } from './declaration/values.ts'
export {
  AbortError,
  ClosedError,
  CrashError,
  DeclarationError,
  ExitError,
  FatThreadError,
  type Frame,
  IntegrityError,
  LoadError,
  NestingError,
  QueueFullError,
  SandboxError,
  StartError,
  TimeoutError,
  ViolationError,
} from './errors.ts'
export type { ExitInfo, FatThreadEvents } from './fat-thread/events.ts'
export { FatThread } from './fat-thread/fat-thread.ts'
export type { State, Stats } from './fat-thread/stats.ts'
export { type LearnOptions, type Learnt, learn } from './learn.ts'
export { type Declarations, Library, type LibraryOptions, type Prototypes } from './library.ts'
export { Callback } from './memory/callback.ts'
export { Pointer } from './memory/pointer.ts'
export { SharedMemory } from './memory/shared-memory.ts'
export { type OpenOptions, open } from './open.ts'
export type { FatThreadOptions, StreamMode } from './options.ts'
export type { PoolHistogram, PoolHistogramSummary } from './pool/histogram.ts'
export type { PoolOptions, Recycle } from './pool/options.ts'
export { type CloseOptions, Pool, type PoolEvents } from './pool/pool.ts'
export type { RunOptions } from './pool/sequence.ts'
export type { Denial } from './sandbox/denials.ts'
export type { Limits } from './sandbox/limits.ts'
export type { Permissions } from './sandbox/permissions.ts'
export type { Missing, Receipt } from './sandbox/receipt.ts'
export type { Fed, Part, Series, SeriesOptions, Step } from './series.ts'
export type { Spares } from './spares.ts'
export { alignof, offsetof, sizeof, Type, type TypeLike } from './type.ts'
export { type AggregateOptions, array, callback, pointer, struct, union } from './type-builders.ts'
export type { ReadVariable, Variable, WriteVariable } from './variable.ts'

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartError } from '../errors.ts'
import { protocolDigest } from '../protocol/digest.ts'

/** A process that the addon started; opaque, and killed when it is collected. */
export type Handle = { readonly __handle: unique symbol }

/** What happened since the last event, as bits. */
export const EVENT = { RING: 1, OUTPUT: 2, HANGUP: 4, ENDED: 8, DENIAL: 16, MET: 32 } as const

export const PROCESS_STATE = { STARTING: 0, RUNNING: 1, ENDING: 2, ENDED: 3, FAILED: 4 } as const

/** The functions of `native/addon/addon.c`. Each throws an `Error` whose `code` is the errno. */
export interface Addon {
  readonly digest: Uint8Array
  /** A memory file of that many bytes; returns its descriptor. */
  createMemory(name: string, bytes: number, executable: boolean): number
  /** Closes a memory file; those that are left are closed with the environment. */
  closeMemory(descriptor: number): void
  /** No resizing from now on, by anyone. */
  sealSize(descriptor: number): void
  /** No writing or resizing from now on, by anyone. */
  sealContent(descriptor: number): void
  /**
   * Whether files, named by texts that end with NUL, are those that they were: device, inode, size and the times of
   * content and state in nanoseconds, five numbers a file, or zeros where there was none.
   */
  unchanged(paths: Uint8Array, numbers: BigUint64Array): boolean
  /** Puts pages of the file in the place of a page-aligned view's memory. */
  map(view: Uint8Array, descriptor: number, offset: number): void
  /** Brings pages of a shared view before they are used: at once, and not each when it is. */
  touch(view: Uint8Array, offset: number, bytes: number): void
  /** Puts fresh pages there, and gives the file's memory back. */
  unmap(view: Uint8Array): void
  /** Once an environment: events come here. The number 0 says that there are more: see `deliver`. */
  listen(listener: (id: number, events: number) => void): void
  /** Asks for the events that wait. */
  deliver(): void
  /** Whether the event loop stays alive for events. */
  hold(held: boolean): void
  spawn(
    id: number,
    host: number,
    first: number,
    channel: number,
    captureOutput: boolean,
    captureErrors: boolean,
    stackBytes: number,
    namespaces: number,
    filesPermitted: boolean,
    mostThreads: number,
  ): Handle
  kill(handle: Handle): void
  /** Closes the descriptors of a process that has ended. */
  close(handle: Handle): void
  inspect(
    handle: Handle,
  ): readonly [
    state: number,
    pid: number,
    error: number,
    signal: number,
    exitCode: number,
    namespaces: number,
    listening: number,
  ]
  /** Seconds of processor time of a process that runs, or `NaN`. */
  usedTime(handle: Handle): number
  /** The same of many. */
  usedTimes(handles: readonly Handle[], seconds: Float64Array): void
  /** The host's first message, an `INTRODUCTION`, once it has come. */
  introduction(handle: Handle): Uint8Array | undefined
  /** Blocks until an event, at most so many milliseconds; 0 when none came. The lane at that offset is told where. */
  wait(handle: Handle, milliseconds: number, view?: Uint8Array, lane?: number): number
  /** Asks for one `RING` event. */
  watch(handle: Handle): void
  /** Wakes the host if it sleeps on the lane at that offset; `apart` on another processor, where it may run on one. */
  ring(handle: Handle, view: Uint8Array, lane: number, apart: boolean): void
  send(handle: Handle, descriptors: readonly number[], message: Uint8Array): void
  /** The first bytes of a stream that were not taken, at most so many; what was dropped comes behind the last ones. */
  takeOutput(
    handle: Handle,
    stream: 0 | 1,
    most: number,
  ): readonly [bytes: Uint8Array, dropped: number] | undefined
  /** How denied system calls are answered, by their number: `QUESTION`. */
  setAnswers(answers: Uint8Array): void
  /** Denied calls since the last time, as `DENIAL` records. */
  takeDenials(handle: Handle): readonly [records: Uint8Array, dropped: number] | undefined
  /** Files that the host may ask for by name, each once; returns the first one's number. */
  provide(handle: Handle, descriptors: readonly number[]): number
  /** The errno of making a seccomp listener, and the version of Landlock or a negative errno. */
  probe(): readonly [listener: number, landlock: number]
  /** The errno of making a process with these namespaces of its own. */
  probeNamespace(flags: number): number
}

export interface Manifest {
  readonly host: string
  readonly first: string
  readonly addon: string
}

const platform = `${process.platform}-${process.arch}`
const variant = process.env['FAT_THREADS_NATIVE'] === 'sanitized' ? '-sanitized' : ''

/** Where the built host and addon are; the same from `src/` and from `dist/`. */
export function nativeFolder(): string {
  // Test runners and bundlers give a module no `dirname`, and a bundle of CommonJS not even a `url`.
  return fileURLToPath(new URL(`../../build/native/${platform}${variant}`, import.meta.url))
}

let loaded: Addon | undefined

/** The addon, loaded at first use so that importing the package needs no built native part. */
export function addon(): Addon {
  loaded ??= load()
  return loaded
}

function load(): Addon {
  let found: Addon
  try {
    found = createRequire(import.meta.url)(join(nativeFolder(), 'addon.node')) as Addon
  } catch (cause) {
    const advice =
      (cause as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED'
        ? 'Node may load no addon: start it without `--no-addons`, and with `--allow-addons` where there is `--permission`'
        : "build it with `node native/build.mjs` in the package's folder, and leave fat-threads out of bundles (`external`), which have none"
    throw new StartError(`the native part for ${platform} can't be loaded; ${advice}`, { cause })
  }
  if (Buffer.compare(found.digest, protocolDigest()) !== 0)
    throw new StartError(
      "the addon was built from another version of the protocol; run `npm run build` in the package's folder",
    )
  return found
}

/** What the build wrote down about its files. */
export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(nativeFolder(), 'manifest.json'), 'utf8')) as Manifest
}

/** What a signal may end. */
export interface Abortable {
  abort(): void
}

/** One listener a signal, however many it may end. */
const heeding = new WeakMap<AbortSignal, Set<Abortable>>()

export function heed(signal: AbortSignal, abortable: Abortable): void {
  let all = heeding.get(signal)
  if (all === undefined) {
    all = new Set()
    heeding.set(signal, all)
    signal.addEventListener('abort', onAbort)
  }
  all.add(abortable)
}

export function forget(signal: AbortSignal, abortable: Abortable): void {
  const all = heeding.get(signal)
  all?.delete(abortable)
  if (all?.size !== 0) return
  heeding.delete(signal)
  signal.removeEventListener('abort', onAbort)
}

function onAbort(this: AbortSignal): void {
  for (const abortable of [...(heeding.get(this) ?? [])]) abortable.abort()
}

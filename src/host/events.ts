// Not the global one: the context of the copy that began may be gone.
import { setImmediate } from 'node:timers'
import { addon } from './addon.ts'

/** Whoever hears of its events, by bits of `EVENT`. */
interface Hears {
  dispatch(events: number): void
}

/**
 * What copies of this module have in common. A test runner may load it anew for each of its contexts, and a program
 * may come to have it twice; the addon is one, and calls one of them.
 */
interface Switchboard {
  /** Weak would be no use: a call in flight needs its process. */
  readonly connected: Map<number, Hears>
  last: number
  /** How often the event loop is held. */
  holds: number
}

function begin(): Switchboard {
  const board: Switchboard = { connected: new Map(), last: 0, holds: 0 }
  addon().listen((id, events) => {
    if (id === 0) setImmediate(() => addon().deliver())
    else board.connected.get(id)?.dispatch(events)
  })
  return board
}

function switchboard(): Switchboard {
  const shared = addon() as { switchboard?: Switchboard }
  shared.switchboard ??= begin()
  return shared.switchboard
}

/** A number by which events come, once it is connected. */
export function newConnection(): number {
  return ++switchboard().last
}

export function connect(id: number, hears: Hears): void {
  switchboard().connected.set(id, hears)
}

export function disconnect(id: number): void {
  switchboard().connected.delete(id)
}

/** Keeps the event loop alive until it is released as often. */
export function holdEventLoop(): void {
  if (switchboard().holds++ === 0) addon().hold(true)
}

export function releaseEventLoop(): void {
  if (--switchboard().holds === 0) addon().hold(false)
}

/**
 * Has something done when the program ends, after all listeners of `exit`: they may still call libraries, also those
 * that are added later. Node has no place for that but the emitting itself.
 */
export function afterExitListeners(work: () => void): void {
  const emit = process.emit as (...given: unknown[]) => boolean
  process.emit = function (this: NodeJS.Process, ...given: unknown[]): boolean {
    try {
      return Reflect.apply(emit, this, given)
    } finally {
      if (given[0] === 'exit') work()
    }
  } as typeof process.emit
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from '../errors.ts'
import { nativeFolder } from '../host/addon.ts'

/** The numbers of this machine's system calls, as the C headers had them at build time. */
export interface SystemCalls {
  /** The kernel's name for the processor, `AUDIT_ARCH_*`. */
  readonly architecture: number
  readonly numberOf: ReadonlyMap<string, number>
  readonly nameOf: ReadonlyMap<number, string>
}

let table: SystemCalls | undefined

/** Read once. */
export function systemCalls(): SystemCalls {
  table ??= read()
  return table
}

function read(): SystemCalls {
  const path = join(nativeFolder(), 'syscalls.json')
  try {
    const { architecture, calls } = JSON.parse(readFileSync(path, 'utf8')) as {
      architecture: number
      calls: Record<string, number>
    }
    const numberOf = new Map(Object.entries(calls))
    let nameOf: ReadonlyMap<number, string> | undefined
    return {
      architecture,
      numberOf,
      // Only what was denied is told of by name.
      get nameOf() {
        nameOf ??= new Map([...numberOf].map(([name, number]) => [number, name]))
        return nameOf
      },
    }
  } catch (cause) {
    throw new StartError(
      "the system-call numbers are missing; run `node native/build.mjs` in the package's folder",
      { cause },
    )
  }
}

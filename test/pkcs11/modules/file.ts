/** Where distributions keep PKCS #11 modules. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
].flatMap((folder) => [join(folder, 'pkcs11'), folder])

/** The path of a module, or its name where it is nowhere. */
export function moduleFile(name: string): string {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name
}

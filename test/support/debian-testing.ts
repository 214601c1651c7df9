/** The C library of Debian testing, unpacked in a folder: never installed. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6']

/** As apt-get takes them. */
type Options = readonly string[]

const run = (command: string, args: Options, cwd?: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe', timeout: 60_000 })

/** The archive that this machine takes Debian from. */
function archive(): string {
  const sites = run('apt-get', ['indextargets', '--format', '$(SITE)', 'Identifier: Packages'])
  const found = sites.split('\n').find((site) => /\/debian\/?$/.test(site))
  if (found === undefined) throw new Error('apt-get knows no archive of Debian')
  return found
}

/** Lists and packages in a folder of their own: what the machine has and knows stays as it is. */
function aptOptions(folder: string): Options {
  const sources = join(folder, 'sources.list')
  for (const name of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, name), { recursive: true })
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  writeFileSync(sources, `deb [signed-by=${keys}] ${archive()} testing main\n`)
  return [
    ['Dir::Etc::sourcelist', sources],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::State::lists', join(folder, 'lists')],
    ['Dir::Cache', join(folder, 'cache')],
    ['Debug::NoLocking', '1'],
    ['APT::Sandbox::User', 'root'],
    ['Acquire::Languages', 'none'],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** Fetches and unpacks it; the folder then holds `usr/lib`. Throws where this machine can't. */
export function unpackDebianTesting(folder: string): string {
  const options = aptOptions(folder)
  run('apt-get', [...options, '-qq', 'update'])
  run('apt-get', [...options, '-qq', 'download', ...PACKAGES], folder)
  const root = join(folder, 'root')
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb')))
    run('dpkg', ['-x', join(folder, name), root])
  return root
}

/**
 * A command that runs its arguments with `root`'s libraries before the machine's own, in a mount namespace.
 * As an ordinary user it takes a user namespace too.
 */
export function withLibrariesOf(root: string): string[] {
  const mount = `mount -t overlay overlay -o lowerdir="$0"/usr/lib:/usr/lib /usr/lib && exec "$@"`
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user']
  return ['unshare', ...user, '--mount', 'sh', '-c', mount, root]
}

// Where images come from: Debian packages, of which nothing but the images is unpacked, and nothing installed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** With what each has: photographs and screenshots, drawings, and wallpapers of up to 18 megapixels. */
export const PACKAGES = [
  { name: 'opencv-doc', megabytes: 96 },
  { name: 'mate-backgrounds', megabytes: 47 },
  { name: 'imagemagick-6-doc', megabytes: 8 },
]

const IMAGE = /\.(png|jpe?g)$/i

/** All images below a folder; links lead to what is found anyway. */
export function imagesBelow(folder) {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && IMAGE.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

const UNPACK = `dpkg-deb --fsys-tarfile "$1" |
  tar --extract --directory "$2" --wildcards '*.png' '*.jpg' '*.jpeg' 2>/dev/null || true`

/**
 * A folder below `home` with the images of a package, unpacked there when first asked for.
 * Throws when the package can't be had.
 */
export function unpacked({ name, megabytes }, home, say) {
  const folder = join(home, name)
  if (existsSync(folder)) return folder
  mkdirSync(home, { recursive: true })
  say(`getting ${name} (${megabytes} MB) `)
  const unfinished = mkdtempSync(join(home, '.unfinished-'))
  try {
    execFileSync('apt-get', ['download', '--quiet', name], { cwd: unfinished, stdio: 'pipe' })
    const [archive] = readdirSync(unfinished)
    const images = join(unfinished, 'images')
    mkdirSync(images)
    execFileSync('sh', ['-c', UNPACK, 'sh', join(unfinished, archive), images], { stdio: 'pipe' })
    if (imagesBelow(images).length === 0) throw new Error(`${archive} has no images`)
    renameSync(images, folder)
    return folder
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

// Thumbnails of a folder of PNG files, made by two fat threads. For a bad file libpng ends its process, since nobody
// can give it an error handler from here: that file fails, and no other.
//   node examples/thumbnails.mjs FOLDER [FOLDER FOR THUMBNAILS]
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Pool, struct } from 'fat-threads'

const SIDE = 128
const RGBA = 3
/** Colours instead of palettes and greys, alpha for all, eight bits each. */
const TRANSFORMS = 0x0001 | 0x0010 | 0x2000

const LIBPNG = {
  version: 'const char *png_get_libpng_ver(void *nothing)',
  create: `void *png_create_read_struct(const char *version, void *context, void *onError,
                                        void *onWarning)`,
  createInfo: 'void *png_create_info_struct(void *png)',
  setFile: 'void png_init_io(void *png, void *file)',
  addAlpha: 'void png_set_add_alpha(void *png, uint32_t alpha, int behind)',
  read: 'void png_read_png(void *png, void *info, int transforms, void *nothing)',
  width: 'uint32_t png_get_image_width(void *png, void *info)',
  height: 'uint32_t png_get_image_height(void *png, void *info)',
  rows: 'void *png_get_rows(void *png, void *info)',
  destroy: 'void png_destroy_read_struct(_Inout_ void **png, _Inout_ void **info, void *end)',
  png_image: struct({
    opaque: 'void *',
    ...{ version: 'uint32_t', width: 'uint32_t', height: 'uint32_t', format: 'uint32_t' },
    ...{ flags: 'uint32_t', colors: 'uint32_t', problem: 'uint32_t', message: 'char[64]' },
  }),
  write: `int png_image_write_to_memory(png_image *image, uint8_t *memory, size_t *bytes,
                                        int to8Bit, const uint8_t *pixels, int stride, void *colors)`,
  // Of the C library, which libpng brings along.
  openMemory: 'void *fmemopen(void *memory, size_t length, const char *mode)',
  close: 'int fclose(void *file)',
}

/** Takes as many rows and columns as it needs, and leaves the others out. */
async function shrink(thread, rows, width, height) {
  const part = Math.min(1, SIDE / Math.max(width, height))
  const small = {
    width: Math.max(1, Math.round(width * part)),
    height: Math.max(1, Math.round(height * part)),
  }
  const pixels = new Uint8Array(small.width * small.height * 4)
  const addresses = await thread.read(rows, `void *[${height}]`)
  for (let y = 0; y < small.height; y++) {
    const address = addresses[Math.floor((y * height) / small.height)]
    const row = await thread.read(address, `uint8_t[${4 * width}]`)
    for (let x = 0; x < small.width; x++) {
      const from = 4 * Math.floor((x * width) / small.width)
      pixels.set(row.subarray(from, from + 4), 4 * (y * small.width + x))
    }
  }
  return { ...small, pixels }
}

/** All calls of one image go to one fat thread: pointers mean nothing in another one. */
async function thumbnail({ symbols, thread }, file) {
  const memory = thread.alloc(file.length)
  memory.bytes.set(file)
  const png = await symbols.create(await symbols.version(null), null, null, null)
  const info = await symbols.createInfo(png)
  const stream = await symbols.openMemory(memory, file.length, 'rb')
  await symbols.setFile(png, stream)
  await symbols.addAlpha(png, 255, 1)
  await symbols.read(png, info, TRANSFORMS, null)
  const [width, height] = [await symbols.width(png, info), await symbols.height(png, info)]
  const small = await shrink(thread, await symbols.rows(png, info), width, height)
  await symbols.destroy(png, info, null)
  await symbols.close(stream)
  memory[Symbol.dispose]()

  const image = {
    ...{ opaque: null, version: 1, width: small.width, height: small.height, format: RGBA },
    ...{ flags: 0, colors: 0, problem: 0, message: '' },
  }
  const result = new Uint8Array(2 * small.pixels.length + 4096)
  const length = [result.length]
  if ((await symbols.write(image, result, length, 0, small.pixels, 0, null)) === 0)
    throw new Error(image.message)
  return result.subarray(0, Number(length[0]))
}

async function main(from, to) {
  const pool = await Pool.open('libpng16.so.16', LIBPNG, {
    ...{ minThreads: 2, maxThreads: 2, timeout: 10_000, stderr: 'ignore' },
  })
  const names = (await readdir(from)).filter((name) => name.endsWith('.png')).sort()
  if (to !== undefined) await mkdir(to, { recursive: true })
  const made = await Promise.allSettled(
    names.map(async (name) => {
      const file = await readFile(join(from, name))
      const bytes = await pool.run((library) => thumbnail(library, file))
      if (to !== undefined) await writeFile(join(to, name), bytes)
      return `${file.length} bytes became ${bytes.length}`
    }),
  )
  await pool.close()
  for (const [index, { value, reason }] of made.entries())
    console.log(`${names[index]}: ${value ?? reason.message}`)
  console.log(`${made.filter(({ status }) => status === 'fulfilled').length} of ${names.length}`)
}

main(process.argv[2] ?? '/usr/share/pixmaps', process.argv[3])

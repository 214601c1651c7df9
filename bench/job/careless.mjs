// libpng and libjpeg as their manuals begin: without an error handler of one's own, which would need setjmp. What is
// wrong with a file then ends the process: libpng calls abort, libjpeg calls exit.
import { library } from '../harness/native.mjs'
import { SHRINK } from './careful.mjs'
import { BadImage, BYTES_PER_PIXEL, eighthsFor, isSize } from './thumbnail.mjs'

/** Of this module, for those who load it elsewhere. */
export const name = 'careless'

const FMEMOPEN = {
  openMemory: 'uintptr_t fmemopen(void *memory, size_t length, const char *mode)',
  closeMemory: 'int fclose(uintptr_t stream)',
}
const PNG = {
  versionOfPng: 'const char *png_get_libpng_ver(void *nothing)',
  newPng: `uintptr_t png_create_read_struct(const char *version, void *context, void *onError,
    void *onWarning)`,
  newInfo: 'uintptr_t png_create_info_struct(uintptr_t png)',
  setFile: 'void png_init_io(uintptr_t png, uintptr_t stream)',
  readInfo: 'void png_read_info(uintptr_t png, uintptr_t info)',
  widthOf: 'uint32_t png_get_image_width(uintptr_t png, uintptr_t info)',
  heightOf: 'uint32_t png_get_image_height(uintptr_t png, uintptr_t info)',
  expand: 'void png_set_expand(uintptr_t png)',
  scale16: 'void png_set_scale_16(uintptr_t png)',
  grayToRgb: 'void png_set_gray_to_rgb(uintptr_t png)',
  addAlpha: 'void png_set_add_alpha(uintptr_t png, uint32_t filler, int flags)',
  update: 'void png_read_update_info(uintptr_t png, uintptr_t info)',
  readImage: 'void png_read_image(uintptr_t png, void *rows)',
  freePng: 'void png_destroy_read_struct(void *png, void *info, void *end)',
}
const JPEG = {
  errorHandler: 'uintptr_t jpeg_std_error(void *handler)',
  newJpeg: 'void jpeg_CreateDecompress(void *jpeg, int version, size_t bytes)',
  setMemory: 'void jpeg_mem_src(void *jpeg, const void *file, unsigned long length)',
  readHeader: 'int jpeg_read_header(void *jpeg, int wantsImage)',
  start: 'int jpeg_start_decompress(void *jpeg)',
  readRows: 'unsigned int jpeg_read_scanlines(void *jpeg, void *rows, unsigned int count)',
  finish: 'int jpeg_finish_decompress(void *jpeg)',
  freeJpeg: 'void jpeg_destroy_decompress(void *jpeg)',
}

export const libraries = () => [
  { path: 'libpng16.so.16', prototypes: PNG },
  { path: 'libjpeg.so.62', prototypes: JPEG },
  { path: 'libc.so.6', prototypes: FMEMOPEN },
  { path: library('shrinks-pictures'), prototypes: SHRINK },
]

const ALPHA_BEHIND = 1

/** The same as in careful.mjs; all steps are done, or the process has ended. */
export async function png(workshop, input, length) {
  const c = workshop.functions
  const context = await c.newPng(await c.versionOfPng(null), null, null, null)
  const info = await c.newInfo(context)
  const stream = await c.openMemory(input, length, 'rb')
  await c.setFile(context, stream)
  await c.readInfo(context, info)
  const width = await c.widthOf(context, info)
  const height = await c.heightOf(context, info)
  if (!isSize(width, height)) throw new BadImage('no size for an image')
  const pitch = width * BYTES_PER_PIXEL
  const pixels = workshop.memory('pixels', height * pitch)
  const rows = workshop.rows(pixels, height, pitch)
  const both = workshop.memory('pointers', 16)
  new BigUint64Array(both.buffer, both.byteOffset, 2).set([BigInt(context), BigInt(info)])
  // One by one: what waits when the process ends would go on in the next one, with addresses of this one.
  await c.expand(context)
  await c.scale16(context)
  await c.grayToRgb(context)
  await c.addAlpha(context, 255, ALPHA_BEHIND)
  await c.update(context, info)
  await c.readImage(context, rows)
  await c.freePng(both, both.subarray(8), null)
  await c.closeMemory(stream)
  return { pixels, width, height, steps: [] }
}

/** Bytes of `struct jpeg_decompress_struct` and `struct jpeg_error_mgr` of version 62, and what stands where. */
const VERSION = 62
const JPEG_BYTES = 632
const ERROR_BYTES = 168
const AT = { width: 48, height: 52, colors: 64, scale: 68, outWidth: 136, outHeight: 140 }
const RGBA_OF_JPEG = 12

/** The same of a JPEG, whose rows are read one after the other. */
export async function jpeg(workshop, input, length) {
  const c = workshop.functions
  const info = workshop.memory('jpeg', JPEG_BYTES)
  const members = new DataView(info.buffer, info.byteOffset, JPEG_BYTES)
  const member = (at) => members.getUint32(at, true)
  const handler = await c.errorHandler(workshop.memory('error', ERROR_BYTES))
  members.setBigUint64(0, BigInt(handler), true)
  await c.newJpeg(info, VERSION, JPEG_BYTES)
  await c.setMemory(info, input, length)
  await c.readHeader(info, 1)
  if (!isSize(member(AT.width), member(AT.height))) throw new BadImage('no size for an image')
  members.setUint32(AT.colors, RGBA_OF_JPEG, true)
  members.setUint32(AT.scale, eighthsFor(member(AT.width), member(AT.height)), true)
  members.setUint32(AT.scale + 4, 8, true)
  await c.start(info)
  const [width, height] = [member(AT.outWidth), member(AT.outHeight)]
  const pitch = width * BYTES_PER_PIXEL
  const pixels = workshop.memory('pixels', height * pitch)
  const rows = workshop.rows(pixels, height, pitch)
  for (let done = 0; done < height; )
    done += await c.readRows(info, rows.subarray(8 * done), height - done)
  await c.finish(info)
  await c.freeJpeg(info)
  return { pixels, width, height, steps: [] }
}

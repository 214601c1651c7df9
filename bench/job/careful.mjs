// libspng and turbojpeg: what is wrong with a file, their functions return.
import { library } from '../harness/native.mjs'
import { BadImage, BYTES_PER_PIXEL, eighthsFor, isSize } from './thumbnail.mjs'

/** Of this module, for those who load it elsewhere. */
export const name = 'careful'

const RGBA_OF_SPNG = 1
const WITH_TRANSPARENCY = 1
const RGBA_OF_TURBOJPEG = 7

const SPNG = {
  newPng: 'void *spng_ctx_new(int flags)',
  setPng: 'int spng_set_png_buffer(void *context, const void *file, size_t length)',
  headerOfPng: 'int spng_get_ihdr(void *context, void *header)',
  decodePng:
    'int spng_decode_image(void *context, void *pixels, size_t length, int format, int flags)',
  freePng: 'void spng_ctx_free(void *context)',
}
const TURBOJPEG = {
  newJpeg: 'void *tjInitDecompress(void)',
  headerOfJpeg: `int tjDecompressHeader3(void *handle, const void *file, unsigned long length,
    void *width, void *height, void *subsampling, void *colors)`,
  freeJpeg: 'int tjDestroy(void *handle)',
  decodeJpeg: `int tjDecompress2(void *handle, const void *file, unsigned long length,
    void *pixels, int width, int pitch, int height, int format, int flags)`,
}

/** What makes both libraries' pictures smaller. */
export const SHRINK = {
  shrink:
    'void shrink(const void *from, int width, int height, void *to, int toWidth, int toHeight)',
}

export const libraries = () => [
  { path: 'libspng.so.0', prototypes: SPNG },
  { path: 'libturbojpeg.so.0', prototypes: TURBOJPEG },
  { path: library('shrinks-pictures'), prototypes: SHRINK },
]

/** The size of a PNG, and how its pixels come about. */
export async function png(workshop, input, length) {
  const header = workshop.memory('header', 64)
  const [context, , code] = await workshop.inOrder(
    (c) => c.newPng(0),
    (c, context) => c.setPng(context, input, length),
    (c, context) => c.headerOfPng(context, header),
  )
  const [width, height] = new Uint32Array(header.buffer, header.byteOffset, 2)
  if (code !== 0 || !isSize(width, height)) {
    await workshop.functions.freePng(context)
    throw new BadImage('no header of a PNG')
  }
  const bytes = width * height * BYTES_PER_PIXEL
  const pixels = workshop.memory('pixels', bytes)
  const steps = [
    (c) => c.decodePng(context, pixels, bytes, RGBA_OF_SPNG, WITH_TRANSPARENCY),
    (c) => c.freePng(context),
  ]
  return { pixels, width, height, steps }
}

/** The size of a JPEG, and how its pixels come about. */
export async function jpeg(workshop, input, length) {
  const header = workshop.memory('header', 64)
  const at = (index) => header.subarray(4 * index, 4 * index + 4)
  const [handle, code] = await workshop.inOrder(
    (c) => c.newJpeg(),
    (c, handle) => c.headerOfJpeg(handle, input, length, at(0), at(1), at(2), at(3)),
  )
  const [fullWidth, fullHeight] = new Int32Array(header.buffer, header.byteOffset, 2)
  if (code !== 0 || !isSize(fullWidth, fullHeight)) {
    await workshop.functions.freeJpeg(handle)
    throw new BadImage('no header of a JPEG')
  }
  const eighths = eighthsFor(fullWidth, fullHeight)
  const width = Math.ceil((fullWidth * eighths) / 8)
  const height = Math.ceil((fullHeight * eighths) / 8)
  const pixels = workshop.memory('pixels', width * height * BYTES_PER_PIXEL)
  const how = [pixels, width, 0, height, RGBA_OF_TURBOJPEG, 0]
  const steps = [(c) => c.decodeJpeg(handle, input, length, ...how), (c) => c.freeJpeg(handle)]
  return { pixels, width, height, steps }
}

/** Real libraries compute under the default permissions, which are none: nothing that they try is denied and told of. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type FatThread, open, type Pointer } from '../../src/index.ts'
import { needs } from '../support/needs.ts'

const TEXT = Buffer.from(
  'a text that is compressed, and compressed, and compressed again\n'.repeat(64),
)

function real(
  name: string,
  packageName: string,
  soname: string,
  work: () => Promise<FatThread>,
): void {
  test.skipIf(needs(packageName, soname))(name, { timeout: 20_000 }, async () => {
    const thread = await work()
    expect(thread.denials).toEqual([])
    expect(thread.receipt.enforced).toContain('system-calls')
    await thread.close()
  })
}

describe('with no permission at all', () => {
  real('libm', 'libc6', 'libm.so.6', async () => {
    const { symbols, thread } = await open('libm.so.6', { pow: 'double pow(double x, double y)' })
    expect(await symbols.pow(2, 10)).toBe(1024)
    return thread
  })

  real('zlib', 'zlib1g', 'libz.so.1', async () => {
    const { symbols, thread } = await open('libz.so.1', {
      bound: 'unsigned long compressBound(unsigned long length)',
      compress:
        'int compress2(uint8_t *to, unsigned long *size, const uint8_t *from, unsigned long length, int level)',
      uncompress:
        'int uncompress(uint8_t *to, unsigned long *size, const uint8_t *from, unsigned long length)',
    })
    const packed = new Uint8Array(Number(await symbols.bound(TEXT.length)))
    const size = new BigUint64Array([BigInt(packed.length)])
    expect(await symbols.compress(packed, size, TEXT, TEXT.length, 9)).toBe(0)
    const back = new Uint8Array(TEXT.length)
    const length = new BigUint64Array([BigInt(back.length)])
    expect(await symbols.uncompress(back, length, packed, Number(size[0]))).toBe(0)
    expect(Buffer.compare(back, TEXT)).toBe(0)
    return thread
  })

  real('zstd', 'libzstd1', 'libzstd.so.1', async () => {
    const { symbols, thread } = await open('libzstd.so.1', {
      compress:
        'size_t ZSTD_compress(void *to, size_t room, const void *from, size_t length, int level)',
      decompress: 'size_t ZSTD_decompress(void *to, size_t room, const void *from, size_t length)',
    })
    const packed = new Uint8Array(8192)
    const size = Number(await symbols.compress(packed, packed.length, TEXT, TEXT.length, 19))
    const back = new Uint8Array(TEXT.length)
    expect(await symbols.decompress(back, back.length, packed, size)).toBe(BigInt(TEXT.length))
    expect(Buffer.compare(back, TEXT)).toBe(0)
    return thread
  })

  real('lz4', 'liblz4-1', 'liblz4.so.1', async () => {
    const { symbols, thread } = await open('liblz4.so.1', {
      compress: 'int LZ4_compress_default(const char *from, char *to, int length, int room)',
      decompress: 'int LZ4_decompress_safe(const char *from, char *to, int length, int room)',
    })
    const packed = new Uint8Array(8192)
    const size = await symbols.compress(TEXT, packed, TEXT.length, packed.length)
    const back = new Uint8Array(TEXT.length)
    expect(await symbols.decompress(packed, back, size, back.length)).toBe(TEXT.length)
    expect(Buffer.compare(back, TEXT)).toBe(0)
    return thread
  })

  real('brotli', 'libbrotli1', 'libbrotlienc.so.1', async () => {
    const { symbols, thread } = await open('libbrotlienc.so.1', {
      compress:
        'int BrotliEncoderCompress(int quality, int window, int mode, size_t length, const uint8_t *from, size_t *size, uint8_t *to)',
    })
    const packed = new Uint8Array(8192)
    const size = new BigUint64Array([BigInt(packed.length)])
    expect(await symbols.compress(5, 22, 0, TEXT.length, TEXT, size, packed)).toBe(1)
    const { brotliDecompressSync } = await import('node:zlib')
    expect(Buffer.compare(brotliDecompressSync(packed.subarray(0, Number(size[0]))), TEXT)).toBe(0)
    return thread
  })

  real('libpng', 'libpng16-16', 'libpng16.so.16', async () => {
    const { symbols, thread } = await open('libpng16.so.16', {
      write:
        'int png_image_write_to_memory(void *image, void *memory, size_t *size, int convert, const void *pixels, int stride, const void *colormap)',
      version: 'unsigned int png_access_version_number(void)',
    })
    // struct png_image: opaque, version, width, height, format, flags, colormap_entries, warning_or_error, message
    const image = new Uint8Array(104)
    const fields = new DataView(image.buffer)
    for (const [index, value] of [1, 4, 4, 2].entries())
      fields.setUint32(8 + index * 4, value, true)
    const file = new Uint8Array(4096)
    const size = new BigUint64Array([BigInt(file.length)])
    expect(await symbols.write(image, file, size, 0, new Uint8Array(48).fill(200), 0, null)).toBe(1)
    expect(Buffer.from(file.subarray(0, 8)).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
    expect(await symbols.version()).toBeGreaterThan(10_600)
    return thread
  })

  real('turbojpeg', 'libturbojpeg0', 'libturbojpeg.so.0', async () => {
    const { symbols, thread } = await open('libturbojpeg.so.0', {
      start: 'void *tjInitCompress(void)',
      compress:
        'int tjCompress2(void *handle, const uint8_t *pixels, int width, int pitch, int height, int format, uint8_t **to, unsigned long *size, int subsampling, int quality, int flags)',
      bound: 'unsigned long tjBufSize(int width, int height, int subsampling)',
    })
    const handle = await symbols.start()
    using room = thread.alloc(Number(await symbols.bound(16, 16, 0)))
    const size = new BigUint64Array([BigInt(room.bytes.length)])
    const pixels = new Uint8Array(768).fill(99)
    const NO_REALLOCATION = 1024
    const to: (Pointer | null)[] = [room.pointer]
    const done = await symbols.compress(
      handle,
      pixels,
      16,
      0,
      16,
      0,
      to,
      size,
      0,
      90,
      NO_REALLOCATION,
    )
    expect(done).toBe(0)
    expect([...room.bytes.subarray(0, 2)]).toEqual([0xff, 0xd8])
    return thread
  })

  real('sqlite3 in memory', 'libsqlite3-0', 'libsqlite3.so.0', async () => {
    const { symbols, thread } = await open('libsqlite3.so.0', {
      open: 'int sqlite3_open(const char *path, void **database)',
      execute:
        'int sqlite3_exec(void *database, const char *sql, void *callback, void *context, void *error)',
      prepare:
        'int sqlite3_prepare_v2(void *database, const char *sql, int bytes, void **statement, void *tail)',
      step: 'int sqlite3_step(void *statement)',
      column: 'int sqlite3_column_int(void *statement, int column)',
      finish: 'int sqlite3_finalize(void *statement)',
      close: 'int sqlite3_close(void *database)',
    })
    const database: (Pointer | null)[] = [null]
    const statement: (Pointer | null)[] = [null]
    expect(await symbols.open(':memory:', database)).toBe(0)
    const [db = null] = database
    const sql = 'create table t (n); insert into t values (20), (22); create index i on t (n)'
    expect(await symbols.execute(db, sql, null, null, null)).toBe(0)
    expect(await symbols.prepare(db, 'select sum(n) from t', -1, statement, null)).toBe(0)
    const [query = null] = statement
    expect(await symbols.step(query)).toBe(100)
    expect(await symbols.column(query, 0)).toBe(42)
    expect(await symbols.finish(query)).toBe(0)
    expect(await symbols.close(db)).toBe(0)
    return thread
  })

  real('GMP', 'libgmp10', 'libgmp.so.10', async () => {
    const { symbols, thread } = await open('libgmp.so.10', {
      init: 'void __gmpz_init(void *number)',
      factorial: 'void __gmpz_fac_ui(void *number, unsigned long n)',
      text: 'char *__gmpz_get_str(char *to, int base, const void *number)',
    })
    using number = thread.alloc(16)
    using text = thread.alloc(64)
    await symbols.init(number)
    await symbols.factorial(number, 25)
    await symbols.text(text, 10, number)
    expect(Buffer.from(text.bytes).toString().replaceAll('\0', '')).toBe(
      '15511210043330985984000000',
    )
    return thread
  })

  real('OpenBLAS', 'libopenblas0-pthread', 'libopenblas.so.0', async () => {
    const { symbols, thread } = await open('libopenblas.so.0', {
      dot: 'double cblas_ddot(int n, const double *x, int step, const double *y, int other)',
      multiply:
        'void cblas_dgemm(int order, int a, int b, int m, int n, int k, double alpha, const double *x, int lx, const double *y, int ly, double beta, double *to, int lt)',
    })
    const [one, two] = [new Float64Array([1, 2, 3]), new Float64Array([4, 5, 6])]
    expect(await symbols.dot(3, one, 1, two, 1)).toBe(32)
    const SIZE = 256 // large enough for its threads
    const left = new Float64Array(SIZE * SIZE).fill(2)
    const product = new Float64Array(SIZE * SIZE)
    await symbols.multiply(
      101,
      111,
      111,
      SIZE,
      SIZE,
      SIZE,
      1,
      left,
      SIZE,
      left,
      SIZE,
      0,
      product,
      SIZE,
    )
    expect(product.every((value) => value === 4 * SIZE)).toBe(true)
    return thread
  })

  real('libsodium', 'libsodium23', 'libsodium.so.23', async () => {
    const { symbols, thread } = await open('libsodium.so.23', {
      init: 'int sodium_init(void)',
      hash: 'int crypto_generichash(uint8_t *to, size_t size, const uint8_t *bytes, unsigned long long length, const uint8_t *key, size_t keySize)',
    })
    expect(await symbols.init()).toBe(0)
    const digest = new Uint8Array(64)
    expect(await symbols.hash(digest, 64, TEXT, TEXT.length, null, 0)).toBe(0)
    expect(Buffer.from(digest).toString('hex')).toBe(
      createHash('blake2b512').update(TEXT).digest('hex'),
    )
    return thread
  })

  real('libxml2 on bytes', 'libxml2', 'libxml2.so.2', async () => {
    const { symbols, thread } = await open('libxml2.so.2', {
      read: 'void *xmlReadMemory(const char *bytes, int size, const char *url, const char *encoding, int options)',
      root: 'void *xmlDocGetRootElement(void *document)',
      content: 'char *xmlNodeGetContent(void *node)',
      free: 'void xmlFreeDoc(void *document)',
    })
    const xml = '<a>4<b>2</b></a>'
    const document = await symbols.read(xml, xml.length, null, null, 0)
    const content = (await symbols.content(await symbols.root(document))) as Pointer
    expect(await thread.read(content, 'char[]')).toBe('42')
    await symbols.free(document)
    return thread
  })

  real('libcrypto', 'libssl3', 'libcrypto.so.3', async () => {
    const { symbols, thread } = await open('libcrypto.so.3', {
      sha256: 'const void *EVP_sha256(void)',
      digest:
        'int EVP_Digest(const void *bytes, size_t length, uint8_t *to, unsigned int *size, const void *type, void *engine)',
    })
    const to = new Uint8Array(32)
    const type = await symbols.sha256()
    expect(await symbols.digest(TEXT, TEXT.length, to, null, type, null)).toBe(1)
    expect(Buffer.from(to).toString('hex')).toBe(createHash('sha256').update(TEXT).digest('hex'))
    return thread
  })
})

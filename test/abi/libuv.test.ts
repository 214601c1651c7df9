/** What the addon declares of libuv is what libuv's header says: Node's own, or the system's. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { needsHeader } from '../support/needs.ts'

const NATIVE = fileURLToPath(new URL('../../native', import.meta.url))

const folder = [join(dirname(process.execPath), '../include/node'), '/usr/include/node'].find(
  (path) => existsSync(join(path, 'uv.h')),
)

/** What the compiler says of `loop.c` behind the real header, and of its numbers. */
function compile(more = ''): string {
  const source = `#include <uv.h>
#include "${NATIVE}/addon/loop.c"
_Static_assert(FT_UV_POLL == UV_POLL, "a poll's number");
_Static_assert(FT_UV_READABLE == UV_READABLE, "readable");
_Static_assert(UV_VERSION_MAJOR == 1, "version");
${more}`
  const options = [
    '-std=gnu11',
    '-Werror',
    '-fsyntax-only',
    ...(folder === undefined ? [] : [`-I${folder}`]),
    `-I${NATIVE}/addon`,
  ]
  try {
    execFileSync('cc', [...options, '-x', 'c', '-'], {
      input: source,
      encoding: 'utf8',
      stdio: 'pipe',
    })
    return ''
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
}

test.skipIf(folder === undefined && needsHeader('libuv1-dev', 'uv.h'))(
  'functions, types and numbers',
  () => {
    expect(compile()).toBe('')
    // The header does see what differs.
    expect(compile('int uv_poll_start(uv_poll_t *poll);')).toContain('conflicting types')
  },
)

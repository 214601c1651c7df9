const { default: ffi } = await import('node:ffi') // Node 26.1 and newer

const { functions } = ffi.dlopen('libc.so.6', { abs: { arguments: ['i32'], return: 'i32' } })

export const workloads = { 'sync-call': async () => ({ run: () => functions.abs(-1) }) }

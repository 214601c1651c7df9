/** How much longer everything takes: with the sanitizers each access to memory is looked at. */
export const SLOWNESS = process.env['FAT_THREADS_NATIVE'] === 'sanitized' ? 4 : 1

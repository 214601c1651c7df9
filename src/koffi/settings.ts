/** koffi's settings: most of them size its own memory, and are kept for programs that read them back. */
export interface KoffiConfig {
  sync_stack_size?: number
  sync_heap_size?: number
  async_stack_size?: number
  async_heap_size?: number
  resident_async_pools?: number
  max_async_calls?: number
  max_type_size?: number
}

const KIB = 1024
const MIB = 1024 * KIB

export const settings: Required<KoffiConfig> = {
  sync_stack_size: 2 * MIB,
  sync_heap_size: MIB,
  async_stack_size: 128 * KIB,
  async_heap_size: 128 * KIB,
  resident_async_pools: 8,
  max_async_calls: 256,
  max_type_size: 64 * MIB,
}

const BOUNDS: Readonly<Record<keyof KoffiConfig, readonly [least: number, most: number]>> = {
  sync_stack_size: [64 * KIB, 16 * MIB],
  sync_heap_size: [0, 16 * MIB],
  async_stack_size: [64 * KIB, 16 * MIB],
  async_heap_size: [0, 16 * MIB],
  resident_async_pools: [0, 32],
  max_async_calls: [0, 4096],
  max_type_size: [32, 512 * MIB],
}

export function change(config: unknown): void {
  if (typeof config !== 'object' || config === null)
    throw new TypeError('Unexpected value for config, expected object')
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(BOUNDS, name)) throw new Error(`Unexpected config member '${name}'`)
    const [least, most] = BOUNDS[name as keyof KoffiConfig]
    if (typeof value !== 'number')
      throw new TypeError(`Unexpected value for '${name}', expected number`)
    if (!(value >= least && value <= most))
      throw new Error(`Setting '${name}' must be between ${least} and ${most}`)
  }
  Object.assign(settings, config)
}

export const stats = { disposed: 0 }

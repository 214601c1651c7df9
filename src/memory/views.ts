/** One stretch of memory under every element type. Lengths are fixed: tracking views cost ten times as much. */
export interface Views {
  readonly u8: Uint8Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
  readonly u64: BigUint64Array
  /** For values of any type at any offset. */
  readonly data: DataView
}

export function viewsOf(buffer: ArrayBufferLike): Views {
  const bytes = buffer.byteLength
  return {
    u8: new Uint8Array(buffer, 0, bytes),
    i32: new Int32Array(buffer, 0, bytes / 4),
    u32: new Uint32Array(buffer, 0, bytes / 4),
    f32: new Float32Array(buffer, 0, bytes / 4),
    f64: new Float64Array(buffer, 0, bytes / 8),
    i64: new BigInt64Array(buffer, 0, bytes / 8),
    u64: new BigUint64Array(buffer, 0, bytes / 8),
    data: new DataView(buffer, 0, bytes),
  }
}

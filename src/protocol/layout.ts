/** Laying out a record as a C compiler would, with no hole left to chance. */

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8 } as const

type FieldType = keyof typeof SIZES
type FieldSpec<Name extends string> = readonly [name: Name, type: FieldType, count: number]

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly count: number
  readonly offset: number
}

export interface Layout<Name extends string = string> {
  readonly name: string
  /** The record's size; what the fields leave free is padding. */
  readonly bytes: number
  readonly fields: readonly Field[]
  /** Byte offset of each field. */
  readonly at: Readonly<Record<Name, number>>
}

/** Fields follow each other; one that would need a hole before it is a mistake in the definition. */
export function defineLayout<const Name extends string>(
  name: string,
  bytes: number,
  specs: readonly FieldSpec<Name>[],
): Layout<Name> {
  const fields: Field[] = []
  let end = 0
  for (const [field, type, count] of specs) {
    if (end % SIZES[type] !== 0) throw new Error(`${name}.${field} is not aligned`)
    fields.push({ name: field, type, count, offset: end })
    end += SIZES[type] * count
  }
  if (end > bytes) throw new Error(`${name} has ${end} bytes of fields in ${bytes}`)
  const at = Object.fromEntries(fields.map((field) => [field.name, field.offset]))
  return { name, bytes, fields, at: at as Record<Name, number> }
}

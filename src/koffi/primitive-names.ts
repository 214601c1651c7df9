type Bits = 16 | 32 | 64
type Endian = `${'' | 'u'}int${Bits}_${'le' | 'be'}`
type Sized = `${'' | 'u'}int${8 | Bits}`
type Alike = Endian | Sized | 'char16' | 'char32' | 'wchar' | 'intptr' | 'uintptr'

/** The names of the primitive types in `types`. */
export type PrimitiveName =
  | Alike
  | `${Alike}_t`
  | 'void'
  | 'bool'
  | 'char'
  | 'uchar'
  | 'unsigned char'
  | 'short'
  | 'ushort'
  | 'unsigned short'
  | 'int'
  | 'uint'
  | 'unsigned int'
  | 'long'
  | 'ulong'
  | 'unsigned long'
  | 'longlong'
  | 'long long'
  | 'ulonglong'
  | 'unsigned long long'
  | 'size_t'
  | 'float'
  | 'float32'
  | 'double'
  | 'float64'
  | `${'str' | 'string'}${'' | 16 | 32}`
  | 'wstring'

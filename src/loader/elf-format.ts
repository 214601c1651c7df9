/**
 * The numbers of the ELF format that the reader uses.
 * Sources: System V gABI, chapters 4 and 5; GNU's additions as in glibc's `elf.h`.
 */

export const HEADER_SIZE = 64
export const PROGRAM_HEADER_SIZE = 56
export const DYNAMIC_ENTRY_SIZE = 16
export const SYMBOL_SIZE = 24

/** `e_type` */
export const ET_REL = 1
export const ET_EXEC = 2
export const ET_DYN = 3
export const ET_CORE = 4

/** `p_type` */
export const PT_LOAD = 1
export const PT_DYNAMIC = 2
export const PT_INTERP = 3
export const PT_NOTE = 4
export const PT_GNU_STACK = 0x6474e551
export const PT_GNU_RELRO = 0x6474e552

/** `p_flags` */
export const PF_X = 1
export const PF_W = 2
export const PF_R = 4

/** `d_tag` */
export const DT_NULL = 0
export const DT_NEEDED = 1
export const DT_HASH = 4
export const DT_STRTAB = 5
export const DT_SYMTAB = 6
export const DT_STRSZ = 10
export const DT_SYMENT = 11
export const DT_SONAME = 14
export const DT_RPATH = 15
export const DT_DEBUG = 21
export const DT_TEXTREL = 22
export const DT_BIND_NOW = 24
export const DT_RUNPATH = 29
export const DT_FLAGS = 30
export const DT_GNU_HASH = 0x6ffffef5
export const DT_VERSYM = 0x6ffffff0
export const DT_FLAGS_1 = 0x6ffffffb
export const DT_VERDEF = 0x6ffffffc
export const DT_VERDEFNUM = 0x6ffffffd
export const DT_AUXILIARY = 0x7ffffffd
export const DT_FILTER = 0x7fffffff

/** `DT_FLAGS` */
export const DF_TEXTREL = 0x4
export const DF_BIND_NOW = 0x8

/** `DT_FLAGS_1` */
export const DF_1_NOW = 0x1
export const DF_1_NOOPEN = 0x40
export const DF_1_NODEFLIB = 0x800
export const DF_1_PIE = 0x08000000

/** The upper half of `st_info` */
export const STB_GLOBAL = 1
export const STB_WEAK = 2
export const STB_GNU_UNIQUE = 10

/** The lower half of `st_info` */
export const STT_NOTYPE = 0
export const STT_OBJECT = 1
export const STT_FUNC = 2
export const STT_COMMON = 5
export const STT_TLS = 6
export const STT_GNU_IFUNC = 10

/** The lowest two bits of `st_other` */
export const STV_INTERNAL = 1
export const STV_HIDDEN = 2

/** `st_shndx` */
export const SHN_UNDEF = 0
export const SHN_ABS = 0xfff1

/** `vd_flags`: the entry names the file itself, not a version. */
export const VER_FLG_BASE = 1

/** `n_type` of a note by `GNU` */
export const NT_GNU_BUILD_ID = 3

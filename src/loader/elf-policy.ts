import type { ElfObject } from './elf.ts'
import { DF_1_NOOPEN } from './elf-format.ts'
import { refuse } from './elf-source.ts'
import { quote } from './elf-strings.ts'

/**
 * Refuses an object that would weaken the process that loads it, or that can't be loaded there.
 * @throws LoadError naming the object
 */
export function requireLoadable(elf: ElfObject): void {
  const { path } = elf
  if (elf.stack === 'executable') {
    refuse(path, 'asks for an executable stack (PT_GNU_STACK): link it with -Wl,-z,noexecstack')
  }
  if (elf.stack === 'unstated') {
    refuse(
      path,
      'asks for an executable stack by not saying otherwise (no PT_GNU_STACK): ' +
        'link it with -Wl,-z,noexecstack',
    )
  }
  if (elf.segments.some((segment) => segment.writable && segment.executable)) {
    refuse(path, 'has a segment that is writable and executable')
  }
  if (elf.textRelocations) {
    refuse(path, 'has text relocations, which need writable code: compile it with -fPIC')
  }
  if ((elf.flags1 & DF_1_NOOPEN) !== 0) refuse(path, 'forbids dlopen (linked with -z nodlopen)')
  const [filtered] = elf.filters
  if (filtered !== undefined) {
    refuse(path, `is a filter for ${quote(filtered)} (DT_FILTER), which is not supported`)
  }
}

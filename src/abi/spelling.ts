import type { CType, Parameter } from './types.ts'

/** Members of a nameless structure that are spelled out. */
const MOST_SPELLED = 4

/** A type as C spells it, such as `const char *`, `struct point`, `double[4]` or `int (*)(int)`. */
export function spell(type: CType, around = ''): string {
  switch (type.kind) {
    case 'pointer': {
      const pointed = type.to.kind === 'array' || type.to.kind === 'function'
      const inner = pointed ? `(*${around})` : `*${around}`
      const isConst = type.const && !pointed
      return isConst && type.to.kind === 'pointer'
        ? spell(type.to, `const ${inner}`)
        : `${isConst ? 'const ' : ''}${spell(type.to, inner)}`
    }
    case 'array':
      return spell(type.of, `${around}[${type.length ?? ''}]`)
    case 'function':
      return spell(type.result, `${around}(${parameters(type.parameters, type.variadic)})`)
    default:
      return `${base(type)}${around === '' || around.startsWith('[') ? '' : ' '}${around}`
  }
}

function base(type: CType): string {
  switch (type.kind) {
    case 'integer':
    case 'float':
      return type.name
    case 'enum':
      return `enum ${type.tag}`.trim()
    case 'opaque':
      return `${type.keyword} ${type.tag}`
    case 'struct':
    case 'union': {
      if (type.name !== undefined) return `${type.kind} ${type.name}`
      const shown = type.members.slice(0, MOST_SPELLED)
      const members = shown.map(({ type, name = '' }) => `${spell(type, name)}; `).join('')
      return `${type.kind} { ${members}${shown.length < type.members.length ? '… ' : ''}}`
    }
    default:
      return type.kind
  }
}

function parameters(list: readonly Parameter[], variadic: boolean | undefined): string {
  const texts = list.map(({ type, name = '' }) => spell(type, name))
  if (variadic) texts.push('...')
  return texts.length === 0 ? 'void' : texts.join(', ')
}

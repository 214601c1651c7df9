/** All strategies, in the order of the table. */

export interface Strategy {
  readonly id: string
  readonly title: string
  /** What it does, in a sentence or two. */
  readonly what: string
  /** Which throw-away program tries it: the laboratory in C, or Node. */
  readonly program: 'laboratory' | 'node'
  /** The file in `native/laboratory/strategies/` that does it. */
  readonly source?: string
}

const inLaboratory = (id: string, title: string, what: string): Strategy => ({
  id,
  title,
  what,
  program: 'laboratory',
  source: `${id}.c`,
})

export const FAT_THREAD = 'fat-thread'

export const STRATEGIES: readonly Strategy[] = [
  inLaboratory(
    'dlopen',
    'dlopen',
    'dlopen and dlsym in the program itself: the library becomes a part of it.',
  ),
  {
    id: 'node',
    title: 'dlopen in Node',
    what: 'The same within a Node process, as in-process FFI packages do.',
    program: 'node',
    source: 'dlopen.c',
  },
  inLaboratory(
    'deepbind',
    'RTLD_DEEPBIND',
    'dlopen with RTLD_DEEPBIND: the library looks for names in itself and in what it needs first, then in the program.',
  ),
  inLaboratory(
    'handlers',
    'signal handlers',
    'dlopen, with handlers for all signals that may mean a crash, and an alarm as time limit: they jump back to before the call.',
  ),
  inLaboratory(
    'dlmopen',
    'dlmopen',
    "dlmopen with LM_ID_NEWLM: the library has a list of objects of its own, with a C library of its own, in the program's process.",
  ),
  inLaboratory('fork', 'fork', 'fork without exec: a copy of the program loads the library.'),
  inLaboratory(
    'clone',
    'clone',
    'clone on a stack from mmap, and RTLD_DEEPBIND within, as the article has it.',
  ),
  inLaboratory(
    'clone-shared',
    'clone, shared',
    "clone with CLONE_VM and CLONE_FILES: a process of its own in the program's memory, with the program's descriptors.",
  ),
  inLaboratory(
    'executable-object',
    'executable object',
    "The article's last way: a binary that is an executable shared object, loaded by dlmopen and RTLD_LAZY within a clone; it loads the library inside the empty namespace.",
  ),
  inLaboratory('exec', 'fork + exec', 'fork and exec of a small program in a file: the usual way.'),
  inLaboratory(
    'fexecve',
    'verified exec',
    "The same, with the file's SHA-256 verified through the descriptor that is then executed by fexecve.",
  ),
  inLaboratory(
    'memfd',
    'embedded exec',
    'The small program is embedded in this one and executed from memory: memfd_create and fexecve.',
  ),
  {
    id: FAT_THREAD,
    title: 'fat thread',
    what: 'open() of this package, from Node, with default options and a time limit.',
    program: 'node',
  },
]

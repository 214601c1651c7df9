import { type Behaviour, unchanged } from '../verdict.ts'

/** One thing of the program that the library changes for itself. */
function change(
  id: string,
  title: string,
  library: string,
  does: string,
  fact: string,
  what: string,
  harm: string,
): Behaviour {
  return {
    id,
    title,
    tried: `The function ${does}. The program is harmed if ${what} is another afterwards.`,
    libraries: [library],
    witness: id === 'closing' ? 'file' : id,
    judge: (facts) => unchanged(facts, fact, what, harm),
  }
}

export const STATE: readonly Behaviour[] = [
  {
    id: 'overwrite',
    title: 'writes to an address of the program',
    tried:
      'The function writes six zeros to an address that it is told. The program is harmed if its bytes there are changed.',
    libraries: ['overwrites'],
    witness: 'overwrite',
    judge: (facts) =>
      unchanged(
        facts,
        'bytes',
        'the memory at that address',
        "The program's memory was overwritten.",
      ),
  },
  change(
    'closing',
    'closes a descriptor of the program',
    'closes-a-descriptor',
    'closes the descriptor whose number it is told',
    'open',
    'whether the file is open',
    "The program's file is closed under its hands.",
  ),
  {
    id: 'handler',
    title: 'replaces a signal handler',
    tried:
      'The function ignores SIGUSR1, which the program handles. The program is harmed if its handler no longer runs.',
    libraries: ['replaces-a-handler'],
    witness: 'handler',
    judge: (facts) =>
      unchanged(
        facts,
        'handled',
        'how often its handler runs',
        "The program's own handler runs no more.",
      ),
  },
  change(
    'locale',
    'sets the locale',
    'changes-the-locale',
    'calls setlocale',
    'locale',
    'the locale',
    'The program computes with another locale.',
  ),
  change(
    'environ',
    'sets an environment variable',
    'changes-the-environment',
    'calls setenv',
    'variable',
    'the variable',
    "The program's environment was changed.",
  ),
  change(
    'directory',
    'changes the working directory',
    'changes-the-directory',
    'calls chdir',
    'directory',
    'the working directory',
    'Relative paths of the program lead elsewhere now.',
  ),
  change(
    'umask',
    'changes the umask',
    'changes-the-umask',
    'calls umask(0)',
    'umask',
    'the umask',
    'New files of the program can be written by everybody.',
  ),
  change(
    'rounding',
    'changes how numbers round',
    'changes-the-rounding',
    'calls fesetround(FE_UPWARD)',
    'third',
    'a third, computed anew,',
    "The program's own arithmetic gives other results.",
  ),
  {
    id: 'thread-data',
    title: 'keeps data of a thread',
    tried:
      "Program and library each make keys by pthread_key_create and keep a value under them. The program is harmed if it finds another's value under its own key (glibc bug 24776).",
    libraries: ['keeps-data-of-a-thread'],
    witness: 'thread-data',
    // Harmless where there is one C library in a process.
    controls: ['dlmopen'],
    judge: (facts) =>
      unchanged(
        facts,
        'data',
        'the value under its key',
        "Two C libraries in one process number their keys alike and store under them in one place: the program finds the library's value under its own key.",
      ),
  },
]

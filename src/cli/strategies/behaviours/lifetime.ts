import type { Facts } from '../facts.ts'
import { type Behaviour, contained, harmed, notTestable, type Verdict } from '../verdict.ts'

/** Milliseconds: a thread that runs in unmapped memory needs no more. */
const LINGER = 200
/** Milliseconds: well above the time for which the loader is busy. */
const LIMIT = 2500

function judgeImage({ before, after }: Facts): Verdict {
  if (after['process'] !== 'its own')
    return {
      outcome: 'not-applicable',
      reason: 'There is no other process: the program itself runs the function.',
      evidence: [],
    }
  if (after['objects'] === undefined)
    return notTestable("The mappings of the process can't be read.")
  const evidence = [
    ['objects of the program', before['objects'] ?? ''],
    ['of these mapped in the child', after['objects']],
    ['their pages', before['pages'] ?? ''],
    ['of these mapped in the child', after['pages'] ?? ''],
  ] as const
  return after['objects'] === '0'
    ? contained('Nothing of the program is mapped where the function runs.', evidence)
    : harmed(
        "The program's image is mapped where the function runs: its code, its constants, and what it has computed.",
        evidence,
      )
}

function judgeLoader({ before, refused, answers }: Facts): Verdict {
  if (before['loading'] !== 'under way') return notTestable('The other thread did not begin.')
  if (answers.length > 0)
    return contained(
      'The library is loaded and called, at the latest when the other thread is ready.',
      [['the call', 'returned']],
    )
  return harmed(
    "The child waits for the loader's lock for ever: the thread that holds it was not copied.",
    [['the child', refused ?? 'gave no answer']],
  )
}

export const LIFETIME: readonly Behaviour[] = [
  {
    id: 'thread',
    title: 'has a thread that outlives dlclose',
    tried:
      'The function starts a thread that goes on; then the library is unloaded. The program is harmed if it does not live on.',
    libraries: ['leaves-a-thread'],
    linger: LINGER,
    judge: ({ answers }) =>
      answers[0] === 1
        ? contained('The thread ended with its process, or ended that process alone.', [
            ['the thread', 'ran'],
          ])
        : notTestable('The library could start no thread.'),
  },
  {
    id: 'destructor',
    title: 'crashes in a static destructor',
    tried:
      'The library has a destructor that crashes; it is called, then unloaded. The program is harmed if it does not live on.',
    libraries: ['crashes-in-a-destructor'],
    judge: () => contained('The destructor ended no process but that of the library.'),
  },
  {
    id: 'loader',
    title: 'is loaded while another thread loads',
    tried:
      'Another thread of the program is inside dlopen when the library is to be loaded. Harm is if the library can then never be loaded, because a lock was copied and its holder was not.',
    libraries: ['answers'],
    witness: 'loader',
    loadLimit: LIMIT,
    takesRefusal: true,
    controls: ['clone'],
    judge: judgeLoader,
  },
  {
    id: 'image',
    title: "sees the program's image",
    tried:
      'While the library is loaded, the mappings of the process that runs the function are compared with those of the program: its executable and its libraries, without the C library\'s, which every process has. Harm is if any is there; what is wanted binds "only the needed dependencies of the entry point".',
    libraries: ['answers'],
    witness: 'image',
    controls: ['fork'],
    judge: judgeImage,
  },
]

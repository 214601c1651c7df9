/** All behaviours, in the order of the table. */
import type { Behaviour } from '../verdict.ts'
import { ENDING } from './ending.ts'
import { LIFETIME } from './lifetime.ts'
import { NAMES } from './names.ts'
import { OUTSIDE, SECRETS } from './secrets.ts'
import { STATE } from './state.ts'

export interface Group {
  readonly title: string
  readonly behaviours: readonly Behaviour[]
}

export const GROUPS: readonly Group[] = [
  { title: 'Ends', behaviours: ENDING },
  { title: 'What the program has', behaviours: STATE },
  { title: 'What the program knows', behaviours: SECRETS },
  { title: 'Names and copies', behaviours: NAMES },
  { title: 'Lifetimes and images', behaviours: LIFETIME },
  { title: 'The world outside', behaviours: OUTSIDE },
]

export const BEHAVIOURS: readonly Behaviour[] = GROUPS.flatMap(({ behaviours }) => behaviours)

import { Writing } from '../../src/call/value/codec.ts'

/** For values without pointers: nothing has to be placed beside them. */
export const noTarget = new Writing(
  {
    owner: {},
    words: 0,
    views: undefined as never,
    place: undefined as never,
    callback: undefined as never,
  },
  () => 'value',
)

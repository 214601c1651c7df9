/** Enumerations whose constants say how they are laid out, as gcc and clang have it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Library, open, sizeof } from '../../src/index.ts'
import { fixture } from '../fixtures/build.ts'

const TEXT = `
  enum flags { NO_FLAG, LAST_FLAG = 0x80000000u };
  enum flags last_flag(void);
  int is_last(enum flags flags);
  enum flags passed(enum flags (*through)(enum flags));
  void put_flags(enum flags *all, int count);
  enum suit { CLUBS, DIAMONDS, HEARTS, SPADES };
  enum suit no_suit(void);
  struct card { enum suit suit : 2; unsigned rank : 4; };
  struct card best_card(void);
  int suit_of(struct card card);
  enum change { LESS = -1, SAME, MORE };
  struct changes { enum change first : 2, second : 2; };
  struct changes turned(struct changes c);
  enum __attribute__((packed)) tiny { FEW = 1, MANY = 200 };
  enum short_one { DEEP = -300, HIGH = 300 } __attribute__((packed));
  struct packs { enum tiny a, b; enum short_one c; int after; };
  struct packs packs_of(enum tiny a, enum short_one c);
`
const LAST_FLAG = 0x80000000

let library: Library<typeof TEXT>
beforeAll(async () => {
  library = await open(fixture('has-enumerations'), TEXT)
})
afterAll(() => library.close())

test('constants beyond int are what they are called', async () => {
  const { last_flag, is_last, passed, put_flags } = library.symbols
  expect(await last_flag()).toBe(LAST_FLAG)
  expect(await is_last(LAST_FLAG)).toBe(1)
  expect(await passed((flags) => (flags === LAST_FLAG ? flags : 0))).toBe(LAST_FLAG)
  const all = [0, 0]
  await put_flags(all, 2)
  expect(all).toEqual([LAST_FLAG, LAST_FLAG])
})

test('-1 of an enumeration without negative constants is -1', async () => {
  expect(await library.symbols.no_suit()).toBe(-1)
})

test('bit-fields have a sign where a constant has one', async () => {
  const { best_card, suit_of, turned } = library.symbols
  expect(await best_card()).toEqual({ suit: 3, rank: 13 })
  expect(await suit_of({ suit: 3, rank: 1 })).toBe(3)
  expect(await turned({ first: -1, second: 1 })).toEqual({ first: 1, second: -1 })
})

test('packed ones are as small as their constants', async () => {
  const { packs_of } = library.symbols
  expect(sizeof(library.type('struct packs'))).toBe(8)
  expect(await packs_of(200, -300)).toEqual({ a: 200, b: 200, c: -300, after: 7 })
  expect(() => packs_of.sync(256, 0)).toThrow(/a takes 0 to 255/)
})

import { expect, test } from 'vitest'
import { MatchIndex } from '../../../src/channels/trade/match-index.ts'

test('symbols that trade no more are forgotten, however many come and go', () => {
  const matches = new MatchIndex()
  for (let n = 0; n < 20_000; n++) {
    // Named anew each day, as options are.
    expect(matches.next(`BTC-${n}-C`, n, 'a')).toBe(0)
    // A symbol that goes on trading is not forgotten, in the middle of a match neither.
    expect(matches.next('BTC-LIVE-C', 7, `${n}`)).toBe(n)
  }
  expect(matches.symbols).toBeLessThanOrEqual(2048)
})

test('a match goes on after the trades of a thousand other symbols', () => {
  const matches = new MatchIndex()
  expect(matches.next('FIRST', 7, 'a')).toBe(0)
  for (let n = 0; n < 1023; n++) matches.next(`OTHER-${n}`, 1, 'a')
  expect(matches.next('FIRST', 7, 'b')).toBe(1)
  for (let n = 1000; n < 2023; n++) matches.next(`OTHER-${n}`, 1, 'a')
  expect(matches.next('FIRST', 7, 'b')).toBe(1)
  expect(matches.next('FIRST', 7, 'c')).toBe(2)
})

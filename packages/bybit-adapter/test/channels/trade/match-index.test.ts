import type { JsonValue } from '@grid/core-events'
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

test('an index put back from JSON goes on exactly as the one it was taken from', () => {
  const matches = new MatchIndex()
  const add = (index: MatchIndex, at: number): number =>
    index.next(`COIN${at % 1_300}`, 1 + (at % 19), `t${at % 31}`)
  // More symbols than one half holds, more matches than are remembered, more ids than are listed.
  for (let at = 0; at < 40_000; at++) add(matches, at)
  for (let at = 0; at < 20; at++) matches.next('BTCUSDT', 5, `t${at}`)
  const restored = new MatchIndex()
  restored.restore(JSON.parse(JSON.stringify(matches.checkpoint())) as JsonValue)
  for (let at = 0; at < 40; at++) {
    expect(restored.next('BTCUSDT', 5, `t${at}`)).toBe(matches.next('BTCUSDT', 5, `t${at}`))
  }
  for (let at = 0; at < 90_000; at += 7) expect(add(restored, at)).toBe(add(matches, at))
  expect(restored.symbols).toBe(matches.symbols)
  expect(restored.checkpoint()).toEqual(matches.checkpoint())
})

test('an index put back from JSON forgets the oldest match first', () => {
  const matches = new MatchIndex()
  for (let seq = 1; seq <= 20; seq++) matches.next('BTCUSDT', seq, 'a')
  const restored = new MatchIndex()
  restored.restore(JSON.parse(JSON.stringify(matches.checkpoint())) as JsonValue)
  // Match 5 is the oldest of those that are remembered.
  expect(restored.next('BTCUSDT', 21, 'a')).toBe(0)
  expect(restored.next('BTCUSDT', 6, 'b')).toBe(1)
  expect(restored.next('BTCUSDT', 20, 'b')).toBe(1)
})

import { type Instrument, instrumentFromJson, parseExactJson } from '@grid/core-events'
import { expect, it } from 'vitest'
import { ContentHashes } from '../../src/instruments/content-hashes.ts'

const instrument = (symbol: string, rest = '"status":"Trading"'): Instrument =>
  instrumentFromJson(parseExactJson(`{"symbol":"${symbol}",${rest}}`) as never)

it('remembers of a category the newest list alone, whoever records the ends of instruments', () => {
  const hashes = new ContentHashes()
  hashes.of('linear', [instrument('BTCUSDT')])
  for (let day = 0; day < 5; day++) {
    hashes.of('option', [instrument(`BTC-${day}-C`), instrument(`BTC-${day}-P`)])
  }
  expect(hashes.size).toBe(3)
})

it('gives the same for the same, in whatever order of keys, and another for what differs', () => {
  const hashes = new ContentHashes()
  const of = (rest: string) => hashes.of('linear', [instrument('A', rest)]).get('A')
  const first = of('"status":"Trading","other":{"a":1,"b":1.10}')
  expect(first).toMatch(/^[\da-f]{32}$/)
  expect(of('"other":{"b":1.10,"a":1},"status":"Trading"')).toBe(first)
  expect(of('"status":"Trading","other":{"a":1,"b":1.1}')).not.toBe(first)
  expect(of('"status":"Trading","other":{"a":1,"b":1.10}')).toBe(first)
})

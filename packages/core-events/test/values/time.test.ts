import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  EARLIEST_EXCHANGE_TS,
  LATEST_EXCHANGE_TS,
  parseExchangeTs,
  parseOptionalTs,
} from '../../src/index.ts'

const TS = 1_760_000_000_101
const plausible = fc.integer({ min: EARLIEST_EXCHANGE_TS, max: LATEST_EXCHANGE_TS - 1 })

describe('parseExchangeTs', () => {
  it('reads a number and its digits alike', () => {
    fc.assert(
      fc.property(plausible, (ts) => {
        expect(parseExchangeTs(ts)).toBe(ts)
        expect(parseExchangeTs(String(ts))).toBe(ts)
      }),
    )
  })

  it('never returns a time outside its bounds, whatever it is given', () => {
    const value = fc.oneof(
      fc.anything(),
      fc.double(),
      fc.integer().map(String),
      fc.maxSafeInteger(),
    )
    fc.assert(
      fc.property(value, (input) => {
        const ts = parseExchangeTs(input)
        if (ts === undefined) return
        expect(Number.isInteger(ts)).toBe(true)
        expect(ts).toBeGreaterThanOrEqual(EARLIEST_EXCHANGE_TS)
        expect(ts).toBeLessThan(LATEST_EXCHANGE_TS)
      }),
    )
  })

  it.each([
    ...[0, -1, EARLIEST_EXCHANGE_TS - 1, LATEST_EXCHANGE_TS, TS / 1000, TS * 1000, TS + 0.5],
    ...[Number.NaN, Number.POSITIVE_INFINITY, '', '0', `${TS}.0`, ` ${TS}`, `-${TS}`, '1.76e12'],
    ...[null, undefined, true, BigInt(TS), [TS], new Date(TS), '2025-12-26T08:00:00Z'],
  ])('refuses %o', (value) => {
    expect(parseExchangeTs(value)).toBeUndefined()
  })
})

describe('parseOptionalTs', () => {
  it.each(['', '0', 0])('reads %o as not applicable', (value) => {
    expect(parseOptionalTs(value)).toBeNull()
  })

  it.each([
    [TS, TS],
    [String(TS), TS],
    ['2025-12-26T08:00:00Z', 1_766_736_000_000],
    ['2025-12-26T08:00:00.5Z', 1_766_736_000_500],
    ['2025-12-26T10:00+02:00', 1_766_736_000_000],
  ])('reads %o', (value, ts) => {
    expect(parseOptionalTs(value)).toBe(ts)
  })

  it.each([
    ...['2025-12-26', '2025-12-26T08:00:00', '2025-13-26T08:00:00Z', '2025-02-30T08:00:00Z'],
    ...['1970-01-01T00:00:00Z', 'soon', '00', TS / 1000, null, undefined, {}],
  ])('refuses %o', (value) => {
    expect(parseOptionalTs(value)).toBeUndefined()
  })
})

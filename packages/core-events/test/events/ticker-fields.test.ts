import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changedFields, TICKER_FIELD_NAMES, TICKER_FIELDS } from '../../src/index.ts'

/**
 * A literal copy in the order of the bits, because stored rows contain these numbers. Only append: moving
 * or removing a line gives old rows another meaning.
 */
const FROZEN = [
  'tickDirection',
  'lastPrice',
  'price24hPcnt',
  'prevPrice24h',
  'highPrice24h',
  'lowPrice24h',
  'prevPrice1h',
  'markPrice',
  'indexPrice',
  'openInterest',
  'openInterestValue',
  'singleOpenInterest',
  'singleOpenInterestValue',
  'turnover24h',
  'volume24h',
  'bid1Price',
  'bid1Size',
  'ask1Price',
  'ask1Size',
  'nextFundingTime',
  'fundingRate',
  'fundingIntervalHour',
  'fundingCap',
  'deliveryTime',
  'basisRate',
  'basisRateYear',
  'deliveryFeeRate',
  'predictedDeliveryPrice',
  'basis',
  'preOpenPrice',
  'preQty',
  'curPreListingPhase',
  'usdIndexPrice',
  'bid1Iv',
  'ask1Iv',
  'markIv',
  'underlyingPrice',
  'totalVolume',
  'totalTurnover',
  'delta',
  'gamma',
  'vega',
  'theta',
  'change24h',
]

describe('ticker fields', () => {
  it('have the bits that stored rows contain', () => {
    expect(TICKER_FIELD_NAMES).toEqual(FROZEN)
    expect(TICKER_FIELD_NAMES.map((name) => TICKER_FIELDS[name].bit)).toEqual([...FROZEN.keys()])
    expect(FROZEN.length).toBeLessThanOrEqual(53)
  })

  it('are found in a mask of any of them', () => {
    fc.assert(
      fc.property(fc.subarray(TICKER_FIELD_NAMES.slice()), (names) => {
        const mask = names.reduce((sum, name) => sum + 2 ** TICKER_FIELDS[name].bit, 0)
        expect(changedFields(mask)).toEqual(names)
      }),
    )
  })

  it('of a later version are ignored', () => {
    expect(changedFields(2 ** 52 + 2 ** 7)).toEqual(['markPrice'])
  })
})

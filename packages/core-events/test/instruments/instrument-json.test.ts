import { expect, test } from 'vitest'
import { instrumentFromJson, instrumentToJson, type JsonObject } from '../../src/index.ts'

const PRE_MARKET: JsonObject = {
  symbol: 'BIOUSDT',
  status: 'PreLaunch',
  baseCoin: 'BIO',
  quoteCoin: 'USDT',
  launchTime: 1_735_032_510_000,
  priceFilter: { tickSize: '0.00010', minPrice: '0.0001' },
  isPreListing: true,
  preListingInfo: {
    curAuctionPhase: 'ContinuousTrading',
    phases: [
      { phase: 'CallAuction', startTime: 1_735_113_600_000, endTime: 1_735_116_600_000 },
      { phase: 'ContinuousTrading', startTime: 1_735_117_200_000 },
    ],
  },
}

test('an instrument survives as JSON, digit for digit, and has null for what is not there', () => {
  const instrument = instrumentFromJson(PRE_MARKET)
  expect(instrument).toMatchObject({
    symbol: 'BIOUSDT',
    fullName: null,
    lotSizeFilter: null,
    priceFilter: { tickSize: '0.00010', maxPrice: null },
    preListingInfo: { skipCallAuction: null, phases: [{}, { endTime: null }] },
    extra: null,
  })
  expect(instrumentToJson(instrument)).toEqual(PRE_MARKET)
})

test('unknown keys are kept where they stood, at every level', () => {
  const json: JsonObject = {
    ...PRE_MARKET,
    newKey: { deep: ['1', null] },
    unset: null,
    priceFilter: { tickSize: '0.1', newStep: '0.5' },
    preListingInfo: {
      curAuctionPhase: 'CallAuction',
      phases: [{ phase: 'CallAuction' }, { phase: 'Odd', hint: 'x' }],
      auctionFeeInfo: { takerFeeRate: '0.001', rebate: '0' },
      newPhase: true,
    },
  }
  const instrument = instrumentFromJson(json)
  expect(instrument.extra).toEqual({
    newKey: { deep: ['1', null] },
    unset: null,
    priceFilter: { newStep: '0.5' },
    preListingInfo: {
      phases: [null, { hint: 'x' }],
      auctionFeeInfo: { rebate: '0' },
      newPhase: true,
    },
  })
  expect(instrument.priceFilter).toEqual({ tickSize: '0.1', minPrice: null, maxPrice: null })
  expect(instrumentToJson(instrument)).toEqual(json)
})

test('a key that this version knows is never lost because it has an odd form', () => {
  const instrument = instrumentFromJson({ ...PRE_MARKET, extra: 'a key of that name' })
  expect(instrument.extra).toEqual({ extra: 'a key of that name' })
})

import type { OpenEnum } from '../events/channel.ts'
import type { Decimal } from '../values/decimal.ts'
import type { JsonObject } from '../values/json.ts'

/** The groups of an instrument that hold decimals, and the names in each. */
export const INSTRUMENT_DECIMALS = {
  leverageFilter: ['minLeverage', 'maxLeverage', 'leverageStep'],
  priceFilter: ['tickSize', 'minPrice', 'maxPrice'],
  lotSizeFilter: [
    'qtyStep',
    'minOrderQty',
    'maxOrderQty',
    'maxMktOrderQty',
    'postOnlyMaxOrderQty',
    'minNotionalValue',
    'basePrecision',
    'quotePrecision',
    'minOrderAmt',
    'maxOrderAmt',
    'maxLimitOrderQty',
    'maxMarketOrderQty',
    'postOnlyMaxLimitOrderSize',
  ],
  riskParameters: ['priceLimitRatioX', 'priceLimitRatioY'],
  auctionFeeInfo: ['auctionFeeRate', 'takerFeeRate', 'makerFeeRate'],
} as const

/** Decimals by name; null where the exchange gives none. */
export type DecimalsOf<Names extends readonly string[]> = {
  readonly [Name in Names[number]]: Decimal | null
}

type Group<Name extends keyof typeof INSTRUMENT_DECIMALS> = DecimalsOf<
  (typeof INSTRUMENT_DECIMALS)[Name]
> | null

/**
 * What the exchange says about an instrument, under its own names (REST `/v5/market/instruments-info`).
 *
 * A value that a category does not have is null: a spot pair's `fundingInterval`, a perpetual's
 * `optionsType`. Quantities are in the units of trading, prices in the quote currency.
 */
export interface Instrument {
  readonly symbol: string
  /** `Settling` is in the exchange's client libraries only. */
  readonly status: OpenEnum<
    'PreLaunch' | 'PendingOpen' | 'Trading' | 'Settling' | 'Delivering' | 'Closed'
  >
  readonly baseCoin: string
  readonly quoteCoin: string
  readonly symbolId: number | null
  readonly settleCoin: string | null
  readonly contractType: OpenEnum<
    'LinearPerpetual' | 'LinearFutures' | 'InversePerpetual' | 'InverseFutures'
  > | null
  readonly optionsType: OpenEnum<'Call' | 'Put'> | null
  readonly symbolType: OpenEnum<
    'innovation' | 'adventure' | 'xstocks' | 'commodity' | 'stock' | 'forex'
  > | null
  readonly displayName: string | null
  readonly fullName: string | null
  readonly marketRegion: string | null
  readonly underlyingTicker: string | null
  /** Epoch milliseconds. */
  readonly launchTime: number | null
  /** Epoch milliseconds; of a perpetual, its delisting once that is scheduled. */
  readonly deliveryTime: number | null
  readonly deliveryFeeRate: Decimal | null
  readonly priceScale: Decimal | null
  /** Minutes between fundings. */
  readonly fundingInterval: number | null
  readonly upperFundingRate: Decimal | null
  readonly lowerFundingRate: Decimal | null
  readonly unifiedMarginTrade: boolean | null
  readonly copyTrading: string | null
  readonly marginTrading: string | null
  readonly innovation: string | null
  readonly stTag: string | null
  /** Of a tokenized stock: the stock's price is the token's price divided by it. */
  readonly xstockMultiplier: Decimal | null
  readonly forbidUplWithdrawal: boolean | null
  readonly isPreListing: boolean | null
  readonly leverageFilter: Group<'leverageFilter'>
  readonly priceFilter: Group<'priceFilter'>
  readonly lotSizeFilter: Group<'lotSizeFilter'>
  readonly riskParameters: Group<'riskParameters'>
  readonly preListingInfo: PreListingInfo | null
  /** Keys that this version does not know, as sent and where they stood; null when there are none. */
  readonly extra: JsonObject | null
}

/** How an instrument comes to the market by an auction. */
export interface PreListingInfo {
  readonly curAuctionPhase: OpenEnum<
    | 'NotStarted'
    | 'CallAuction'
    | 'CallAuctionNoCancel'
    | 'CrossMatching'
    | 'ContinuousTrading'
    | 'Finished'
  > | null
  readonly skipCallAuction: boolean | null
  readonly phases: readonly PreListingPhase[]
  readonly auctionFeeInfo: Group<'auctionFeeInfo'>
}

/** One phase of such an auction; times in epoch milliseconds. */
export interface PreListingPhase {
  readonly phase: string
  readonly startTime: number | null
  readonly endTime: number | null
}

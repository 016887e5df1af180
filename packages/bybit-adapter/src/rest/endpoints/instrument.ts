import type { Decimal, OpenEnum } from '@grid/core-events'
import { z } from 'zod'
import type { ListEndpoint } from '../lists/rest-list.ts'
import {
  rowFlag,
  rowName,
  rowOptionalDecimal,
  rowOptionalInteger,
  rowOptionalTime,
  rowText,
} from './row-values.ts'

/**
 * What the exchange says about a tradable instrument, under its own names.
 *
 * A value that a category does not have is null: a spot pair's `fundingInterval`, a perpetual's
 * `optionsType`. Quantities are in the units of trading, prices in the quote currency.
 */
export interface Instrument {
  readonly symbol: string
  readonly status: OpenEnum<'PreLaunch' | 'Trading' | 'Delivering' | 'Closed'>
  readonly baseCoin: string
  readonly quoteCoin: string
  readonly symbolId: number | null
  readonly settleCoin: string | null
  readonly contractType: OpenEnum<
    'LinearPerpetual' | 'LinearFutures' | 'InversePerpetual' | 'InverseFutures'
  > | null
  readonly optionsType: OpenEnum<'Call' | 'Put'> | null
  readonly symbolType: string | null
  readonly displayName: string | null
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
  readonly xstockMultiplier: Decimal | null
  readonly forbidUplWithdrawal: boolean | null
  readonly isPreListing: boolean | null
  readonly leverageFilter: DecimalsOf<typeof LEVERAGE_FILTER> | null
  readonly priceFilter: DecimalsOf<typeof PRICE_FILTER> | null
  readonly lotSizeFilter: DecimalsOf<typeof LOT_SIZE_FILTER> | null
  readonly riskParameters: DecimalsOf<typeof RISK_PARAMETERS> | null
  readonly preListingInfo: PreListingInfo | null
}

/** How an instrument comes to the market by an auction. */
export interface PreListingInfo {
  readonly curAuctionPhase: string | null
  readonly skipCallAuction: boolean | null
  readonly phases: readonly PreListingPhase[]
  readonly auctionFeeInfo: DecimalsOf<typeof AUCTION_FEES> | null
}

/** One phase of such an auction; times in epoch milliseconds. */
export interface PreListingPhase {
  readonly phase: string
  readonly startTime: number | null
  readonly endTime: number | null
}

/** Decimals by name; null where the exchange gives none. */
export type DecimalsOf<Names extends readonly string[]> = {
  readonly [Name in Names[number]]: Decimal | null
}

const LEVERAGE_FILTER = ['minLeverage', 'maxLeverage', 'leverageStep'] as const
const PRICE_FILTER = ['tickSize', 'minPrice', 'maxPrice'] as const
const LOT_SIZE_FILTER = [
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
] as const
const RISK_PARAMETERS = ['priceLimitRatioX', 'priceLimitRatioY'] as const
const AUCTION_FEES = ['auctionFeeRate', 'takerFeeRate', 'makerFeeRate'] as const

function decimals<const Names extends readonly string[]>(
  names: Names,
): z.ZodType<DecimalsOf<Names> | null> {
  const shape = Object.fromEntries(names.map((name) => [name, rowOptionalDecimal]))
  // Sound: the shape has exactly these names.
  return z
    .object(shape)
    .nullish()
    .transform(nothingAsNull) as unknown as z.ZodType<DecimalsOf<Names> | null>
}

function nothingAsNull<Value>(value: Value | null | undefined): Value | null {
  return value ?? null
}

const instrumentSchema: z.ZodType<Instrument> = z.object({
  symbol: rowName,
  status: rowName,
  baseCoin: rowName,
  quoteCoin: rowName,
  symbolId: rowOptionalInteger,
  settleCoin: rowText,
  contractType: rowText,
  optionsType: rowText,
  symbolType: rowText,
  displayName: rowText,
  launchTime: rowOptionalTime,
  deliveryTime: rowOptionalTime,
  deliveryFeeRate: rowOptionalDecimal,
  priceScale: rowOptionalDecimal,
  fundingInterval: rowOptionalInteger,
  upperFundingRate: rowOptionalDecimal,
  lowerFundingRate: rowOptionalDecimal,
  unifiedMarginTrade: rowFlag,
  copyTrading: rowText,
  marginTrading: rowText,
  innovation: rowText,
  stTag: rowText,
  xstockMultiplier: rowOptionalDecimal,
  forbidUplWithdrawal: rowFlag,
  isPreListing: rowFlag,
  leverageFilter: decimals(LEVERAGE_FILTER),
  priceFilter: decimals(PRICE_FILTER),
  lotSizeFilter: decimals(LOT_SIZE_FILTER),
  riskParameters: decimals(RISK_PARAMETERS),
  preListingInfo: z
    .object({
      curAuctionPhase: rowText,
      skipCallAuction: rowFlag,
      phases: z.array(
        z.object({ phase: rowName, startTime: rowOptionalTime, endTime: rowOptionalTime }),
      ),
      auctionFeeInfo: decimals(AUCTION_FEES),
    })
    .nullish()
    .transform(nothingAsNull),
})

/** All instruments of a category. */
export const INSTRUMENTS_INFO: ListEndpoint<Instrument> = {
  path: '/v5/market/instruments-info',
  channel: null,
  schema: () => instrumentSchema,
}

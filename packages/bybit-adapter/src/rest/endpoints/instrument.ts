import {
  type DecimalsOf,
  INSTRUMENT_DECIMALS,
  type Instrument,
  instrumentFromJson,
  type JsonObject,
} from '@grid/core-events'
import { z } from 'zod'
import { isStorableJson } from '../../wire/storable-json.ts'
import type { ListEndpoint } from '../lists/rest-list.ts'
import {
  rowFlag,
  rowName,
  rowOptionalDecimal,
  rowOptionalInteger,
  rowOptionalTime,
  rowText,
} from './row-values.ts'

type GroupName = keyof typeof INSTRUMENT_DECIMALS

/** Reads a group of decimals; keys that are not known pass as they are. */
function decimals<Name extends GroupName>(
  name: Name,
): z.ZodType<DecimalsOf<(typeof INSTRUMENT_DECIMALS)[Name]> | null> {
  const shape = Object.fromEntries(
    INSTRUMENT_DECIMALS[name].map((key) => [key, rowOptionalDecimal]),
  )
  // Sound: the shape has exactly these names.
  return z.looseObject(shape).nullish().transform(nothingAsNull) as unknown as z.ZodType<DecimalsOf<
    (typeof INSTRUMENT_DECIMALS)[Name]
  > | null>
}

function nothingAsNull<Value>(value: Value | null | undefined): Value | null {
  return value ?? null
}

const instrumentSchema: z.ZodType<Instrument> = z
  .looseObject({
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
    fullName: rowText,
    marketRegion: rowText,
    underlyingTicker: rowText,
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
    leverageFilter: decimals('leverageFilter'),
    priceFilter: decimals('priceFilter'),
    lotSizeFilter: decimals('lotSizeFilter'),
    riskParameters: decimals('riskParameters'),
    preListingInfo: z
      .looseObject({
        curAuctionPhase: rowText,
        skipCallAuction: rowFlag,
        phases: z
          .array(
            z.looseObject({ phase: rowName, startTime: rowOptionalTime, endTime: rowOptionalTime }),
          )
          .nullish()
          .transform(nothingAsNull),
        auctionFeeInfo: decimals('auctionFeeInfo'),
      })
      .nullish()
      .transform(nothingAsNull),
  })
  .refine(isStorableJson, 'must be JSON without NUL and unpaired surrogates')
  // Sound: what was read is JSON under the exchange's names.
  .transform((row) => instrumentFromJson(row as unknown as JsonObject))

/** All instruments of a category. */
export const INSTRUMENTS_INFO: ListEndpoint<Instrument> = {
  path: '/v5/market/instruments-info',
  channel: null,
  schema: () => instrumentSchema,
}

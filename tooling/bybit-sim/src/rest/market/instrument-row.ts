import { trimmedText, unitsText } from '../../base/decimal-text.ts'
import { hashText } from '../../base/random.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { Desk } from '../../market/desk.ts'
import type { Instrument } from '../../market/instrument.ts'
import { changedRow, type PreListing } from '../../market/listing.ts'

/** An instrument's row in `instruments-info`, with what was changed by hand. */
export function instrumentRow(
  { instrument, listing }: Desk,
  status: string,
): WireRow & { readonly symbol: string } {
  const row = rowOf(instrument, status, listing.preListing)
  return { ...changedRow(row, listing.changes), symbol: instrument.symbol }
}

function rowOf(instrument: Instrument, status: string, preListing: PreListing | null): WireRow {
  switch (instrument.category) {
    case 'spot':
      return spotRow(instrument, status)
    case 'option':
      return optionRow(instrument, status)
    default:
      return contractRow(instrument, status, preListing)
  }
}

function contractRow(
  instrument: Instrument,
  status: string,
  preListing: PreListing | null,
): WireRow {
  const { category, symbol, baseCoin, quoteCoin, settleCoin, priceDecimals, tick } = instrument
  const lot = unitsText(1, instrument.sizeDecimals)
  const most = unitsText(10 ** (instrument.sizeDecimals + 3), instrument.sizeDecimals)
  const { deliveryTime } = instrument
  const kind = category === 'linear' ? 'Linear' : 'Inverse'
  return {
    symbol,
    symbolId: symbolIdOf(instrument),
    contractType: `${kind}${deliveryTime === null ? 'Perpetual' : 'Futures'}`,
    status,
    baseCoin,
    quoteCoin,
    launchTime: String(instrument.launchTime),
    deliveryTime: String(deliveryTime ?? 0),
    deliveryFeeRate: deliveryTime === null ? '' : '0.0005',
    priceScale: String(priceDecimals),
    leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
    priceFilter: {
      minPrice: unitsText(tick, priceDecimals),
      maxPrice: unitsText(tick * 19_999_998, priceDecimals),
      tickSize: unitsText(tick, priceDecimals),
    },
    lotSizeFilter: {
      maxOrderQty: most,
      minOrderQty: lot,
      qtyStep: lot,
      postOnlyMaxOrderQty: most,
      maxMktOrderQty: most,
      minNotionalValue: '5',
    },
    unifiedMarginTrade: true,
    fundingInterval: deliveryTime === null ? 480 : 0,
    settleCoin,
    copyTrading: category === 'linear' ? 'both' : 'none',
    upperFundingRate: deliveryTime === null ? '0.005' : '',
    lowerFundingRate: deliveryTime === null ? '-0.005' : '',
    isPreListing: preListing !== null,
    preListingInfo: preListing === null ? null : preListingInfo(preListing),
    riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
    displayName: '',
    symbolType: '',
    forbidUplWithdrawal: false,
    fullName: '',
    marketRegion: '',
    underlyingTicker: '',
  }
}

function preListingInfo({ phase, phases, skipCallAuction }: PreListing): WireRow {
  return {
    curAuctionPhase: phase,
    phases: phases.map(({ phase: name, startTime, endTime }) => ({
      phase: name,
      startTime: String(startTime),
      endTime: endTime === null ? '' : String(endTime),
    })),
    auctionFeeInfo: { auctionFeeRate: '0', takerFeeRate: '0.001', makerFeeRate: '0.0004' },
    skipCallAuction,
  }
}

function spotRow(instrument: Instrument, status: string): WireRow {
  const { symbol, baseCoin, quoteCoin, priceDecimals, sizeDecimals, tick } = instrument
  const lot = trimmedText(1, sizeDecimals)
  return {
    symbolId: symbolIdOf(instrument),
    symbol,
    baseCoin,
    quoteCoin,
    innovation: '0',
    status,
    marginTrading: 'utaOnly',
    stTag: '0',
    lotSizeFilter: {
      basePrecision: lot,
      quotePrecision: trimmedText(1, priceDecimals + sizeDecimals),
      minOrderQty: lot,
      maxOrderQty: '83',
      minOrderAmt: '5',
      maxOrderAmt: '8000000',
      maxLimitOrderQty: '83',
      maxMarketOrderQty: '41.5',
      postOnlyMaxLimitOrderSize: '60000',
    },
    priceFilter: { tickSize: trimmedText(tick, priceDecimals) },
    riskParameters: { priceLimitRatioX: '0.005', priceLimitRatioY: '0.01' },
    symbolType: '',
    xstockMultiplier: '1',
  }
}

function optionRow(instrument: Instrument, status: string): WireRow {
  const { symbol, baseCoin, quoteCoin, settleCoin, priceDecimals, tick } = instrument
  const lot = trimmedText(1, instrument.sizeDecimals)
  const step = trimmedText(tick, priceDecimals)
  return {
    symbol,
    symbolId: symbolIdOf(instrument),
    status,
    baseCoin,
    quoteCoin,
    settleCoin,
    optionsType: instrument.optionsType,
    launchTime: String(instrument.launchTime),
    deliveryTime: String(instrument.deliveryTime),
    deliveryFeeRate: '0.00015',
    priceFilter: {
      minPrice: step,
      maxPrice: trimmedText(tick * 2_000_000, priceDecimals),
      tickSize: step,
    },
    lotSizeFilter: { maxOrderQty: '500', minOrderQty: lot, qtyStep: lot },
    displayName: '',
  }
}

function symbolIdOf({ category, symbol }: Instrument): number {
  return 1 + (hashText(`${category} ${symbol}`) % 99_991)
}

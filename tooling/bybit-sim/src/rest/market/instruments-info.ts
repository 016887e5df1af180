import type { Category } from '@grid/core-events'
import { trimmedText, unitsText } from '../../base/decimal-text.ts'
import type { ExchangeRules } from '../../base/rules.ts'
import type { Desk } from '../../market/desk.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'

const CURSOR = /^first=([^&]*)&last=([^&]+)$/

/** `GET /v5/market/instruments-info`: contracts and options page by page, spot in one reply. */
export function instrumentsInfo(query: Query, { market, rules }: RestScene): object {
  const category = query.category()
  const symbol = query.text('symbol')
  const baseCoin = baseCoinOf(query, category, symbol, rules)
  // A symbol that the request names is listed whatever its status is.
  const status = query.text('status') || (symbol === '' ? 'Trading' : '')
  const desks = market
    .desks(category)
    .filter((desk) => desk.isListed || rules.delistedStatus !== null)
    .filter((desk) => status === '' || status === statusOf(desk, rules.delistedStatus))
    .filter(({ instrument }) => symbol === '' || instrument.symbol === symbol)
    .filter(({ instrument }) => baseCoin === '' || instrument.baseCoin === baseCoin)
  const rows = desks
    .sort((a, b) => (a.instrument.symbol < b.instrument.symbol ? -1 : 1))
    .map((desk) => rowOf(desk.instrument, statusOf(desk, rules.delistedStatus)))
  if (category === 'spot') return { category, list: rows }
  const limit = query.limit(500, 1000)
  // A cursor that was encoded twice cannot be read, and gives the first page again.
  const [, , last = ''] = CURSOR.exec(query.text('cursor')) ?? []
  const rest = rows.filter((row) => row.symbol > last)
  const list = rest.slice(0, limit)
  const more = rest.length > limit
  const nextPageCursor = more
    ? encodeURIComponent(`first=${list[0]?.symbol}&last=${list.at(-1)?.symbol}`)
    : ''
  return { category, list, nextPageCursor }
}

/** The base coin to list; empty for all coins. */
function baseCoinOf(
  query: Query,
  category: Category,
  symbol: string,
  rules: ExchangeRules,
): string {
  const named = query.text('baseCoin')
  if (category !== 'option') return named
  if (named === 'All') return ''
  return named === '' && symbol === '' ? (rules.optionBaseCoin ?? '') : named
}

function statusOf(desk: Desk, delistedStatus: string | null): string {
  return desk.isListed ? 'Trading' : (delistedStatus ?? '')
}

function rowOf(instrument: Instrument, status: string): { readonly symbol: string } {
  switch (instrument.category) {
    case 'spot':
      return spotRow(instrument, status)
    case 'option':
      return optionRow(instrument, status)
    default:
      return contractRow(instrument, status)
  }
}

function contractRow(instrument: Instrument, status: string) {
  const { category, symbol, baseCoin, quoteCoin, settleCoin, priceDecimals, tick } = instrument
  const lot = unitsText(1, instrument.sizeDecimals)
  const most = unitsText(10 ** (instrument.sizeDecimals + 3), instrument.sizeDecimals)
  const { deliveryTime } = instrument
  const kind = category === 'linear' ? 'Linear' : 'Inverse'
  return {
    symbol,
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
    isPreListing: false,
    preListingInfo: null,
    riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
    displayName: '',
    symbolType: '',
    forbidUplWithdrawal: false,
  }
}

function spotRow(instrument: Instrument, status: string) {
  const { symbol, baseCoin, quoteCoin, priceDecimals, sizeDecimals, tick } = instrument
  const lot = trimmedText(1, sizeDecimals)
  return {
    symbolId: 1 + (instrument.launchTime % 9973),
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
  }
}

function optionRow(instrument: Instrument, status: string) {
  const { symbol, baseCoin, quoteCoin, settleCoin, priceDecimals, tick } = instrument
  const lot = trimmedText(1, instrument.sizeDecimals)
  const step = trimmedText(tick, priceDecimals)
  return {
    symbol,
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

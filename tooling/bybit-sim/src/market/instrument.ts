import type { Category } from '@grid/core-events'
import { trimmedText, unitsText } from '../base/decimal-text.ts'
import { SimError } from '../base/errors.ts'
import { hashText } from '../base/random.ts'
import { type InstrumentName, parseName } from './instrument-name.ts'

/** An instrument: what its name says, and its price and size grids as integers. */
export interface Instrument extends InstrumentName, Grid {
  readonly category: Category
  readonly symbol: string
  /** Epoch milliseconds. */
  readonly launchTime: number
}

interface Grid {
  /** Decimal places of prices on the wire. */
  readonly priceDecimals: number
  /** Tick size, in units of the last price decimal; the exchange may change it. */
  tick: number
  /** Decimal places of sizes on the wire; the lot is one unit of the last. */
  readonly sizeDecimals: number
  /** Price at the start, in units of the last price decimal; a multiple of `tick`. */
  readonly startPrice: number
}

/** Grids of real instruments (price scale, tick size, quantity step). */
const KNOWN: { readonly [name: string]: Grid } = {
  'linear BTCUSDT': { priceDecimals: 2, tick: 10, sizeDecimals: 3, startPrice: 10_000_000 },
  'linear ETHUSDT': { priceDecimals: 2, tick: 1, sizeDecimals: 2, startPrice: 266_525 },
  'linear SOLUSDT': { priceDecimals: 3, tick: 10, sizeDecimals: 1, startPrice: 143_210 },
  'linear XRPUSDT': { priceDecimals: 4, tick: 1, sizeDecimals: 1, startPrice: 24_512 },
  'linear DOGEUSDT': { priceDecimals: 5, tick: 1, sizeDecimals: 0, startPrice: 21_344 },
  'inverse BTCUSD': { priceDecimals: 2, tick: 50, sizeDecimals: 0, startPrice: 10_000_000 },
  'inverse ETHUSD': { priceDecimals: 2, tick: 5, sizeDecimals: 0, startPrice: 266_525 },
  'spot BTCUSDT': { priceDecimals: 1, tick: 1, sizeDecimals: 6, startPrice: 1_000_000 },
  'spot BTCUSDC': { priceDecimals: 1, tick: 1, sizeDecimals: 6, startPrice: 1_000_000 },
  'spot ETHUSDT': { priceDecimals: 2, tick: 1, sizeDecimals: 5, startPrice: 266_525 },
}

const UNDERLYING_PRICES: { readonly [coin: string]: number } = { BTC: 100_000, ETH: 2665, XRP: 0.6 }
const LAUNCHED_FROM = Date.UTC(2020, 2, 15)
const LAUNCH_SPREAD_DAYS = 1400

/**
 * The instrument of a name: with the real grids where known, else with grids derived from the name.
 *
 * Throws `SIM_BAD_INPUT` when no instrument of the category can have that name.
 */
export function instrumentOf(category: Category, symbol: string, launchTime?: number): Instrument {
  const name = parseName(category, symbol)
  if (name === null) {
    throw new SimError('SIM_BAD_INPUT', `${symbol} cannot be a ${category} symbol`)
  }
  return {
    ...name,
    ...(KNOWN[`${category} ${symbol}`] ?? gridOf(category, symbol, name)),
    category,
    symbol,
    launchTime: launchTime ?? LAUNCHED_FROM + (hashText(symbol) % LAUNCH_SPREAD_DAYS) * 86_400_000,
  }
}

function gridOf(category: Category, symbol: string, name: InstrumentName): Grid {
  if (category === 'option') return optionGrid(name)
  const known = KNOWN[`${category} ${name.baseCoin}${category === 'inverse' ? 'USD' : 'USDT'}`]
  if (name.deliveryTime !== null && known !== undefined) return known
  const hash = hashText(symbol)
  const sizeDecimals = hash % 3
  return {
    sizeDecimals: category === 'inverse' ? 0 : sizeDecimals + (category === 'spot' ? 2 : 0),
    priceDecimals: 4 - sizeDecimals + ((hash >>> 8) % 2),
    tick: 1,
    startPrice: 20_000 + ((hash >>> 12) % 200_000),
  }
}

/** The price of an option's underlying coin at the start, in whole quote units. */
export function underlyingPrice(baseCoin: string): number {
  return UNDERLYING_PRICES[baseCoin] ?? 100 + (hashText(baseCoin) % 900)
}

/** Starts an option at its intrinsic value plus 2 % of the underlying for its time. */
function optionGrid({ baseCoin, strike, optionsType }: InstrumentName): Grid {
  const underlying = underlyingPrice(baseCoin)
  const distance = underlying - (strike ?? underlying)
  const worth = Math.max(0, optionsType === 'Call' ? distance : -distance) + underlying * 0.02
  const priceDecimals = underlying > 10_000 ? 0 : underlying > 10 ? 1 : 4
  const startPrice = Math.max(5, Math.round((worth * 10 ** priceDecimals) / 5) * 5)
  return { priceDecimals, tick: priceDecimals === 0 ? 5 : 1, sizeDecimals: 2, startPrice }
}

/** Contracts write decimals with trailing zeros, spot and options without. */
function textOf({ category }: Instrument): typeof unitsText {
  return category === 'spot' || category === 'option' ? trimmedText : unitsText
}

/** A price as the exchange writes it. */
export function priceText(instrument: Instrument, units: number): string {
  return textOf(instrument)(units, instrument.priceDecimals)
}

/** A size as the exchange writes it. */
export function sizeText(instrument: Instrument, units: number): string {
  return textOf(instrument)(units, instrument.sizeDecimals)
}

/** Decimal places of the integers that `turnoverOf` gives. */
export function turnoverDecimals({ category, priceDecimals, sizeDecimals }: Instrument): number {
  return category === 'inverse' ? 8 : priceDecimals + sizeDecimals
}

/** The value of a trade: in quote currency, for inverse contracts in the base coin. */
export function turnoverOf(instrument: Instrument, price: number, size: number): number {
  if (instrument.category !== 'inverse') return price * size
  return Math.round((size * 10 ** (8 + instrument.priceDecimals)) / price)
}

import type { Category } from '@grid/core-events'

/** What an instrument's name says about it. */
export interface InstrumentName {
  readonly baseCoin: string
  readonly quoteCoin: string
  readonly settleCoin: string
  /** Epoch milliseconds; null when it does not expire. */
  readonly deliveryTime: number | null
  /** Null for all categories but options. */
  readonly strike: number | null
  readonly optionsType: 'Call' | 'Put' | null
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const QUARTERS: { readonly [letter: string]: number } = { H: 2, M: 5, U: 8, Z: 11 }
const DELIVERY_HOUR = 8

const OPTION = /^([^-.]+)-(\d{1,2}[A-Z]{3}\d{2})-(\d+(?:\.\d+)?)-([CP])(?:-(USDT))?$/
const DATED_LINEAR = /^([^-]+?)(USDT)?-(\d{1,2}[A-Z]{3}\d{2})$/
const INVERSE = /^([^-]+)USD(?:([HMUZ])(\d{2}))?$/
const QUOTES = ['USDT', 'USDC', 'USDE', 'PERP', 'EUR', 'BRL', 'TRY', 'USD', 'BTC', 'ETH']

/**
 * Reads an instrument's name; null when no instrument of the category can have it.
 *
 * @example
 * parseName('option', 'BTC-26DEC25-120000-C-USDT')?.strike // 120000
 */
export function parseName(category: Category, symbol: string): InstrumentName | null {
  if (category === 'option') return parseOption(symbol)
  if (category === 'inverse') return parseInverse(symbol)
  const dated = category === 'linear' ? DATED_LINEAR.exec(symbol) : null
  if (dated !== null) {
    const deliveryTime = deliveryOf(dated[3] ?? '')
    return deliveryTime === null
      ? null
      : undatedOf(dated[1] ?? '', dated[2] ?? 'USDC', dated[2] ?? 'USDC', deliveryTime)
  }
  const suffix = QUOTES.find((coin) => symbol.endsWith(coin) && symbol.length > coin.length)
  const quote = suffix === 'PERP' ? 'USDC' : (suffix ?? 'USDT')
  return undatedOf(symbol.slice(0, symbol.length - (suffix ?? '').length), quote, quote, null)
}

function parseInverse(symbol: string): InstrumentName | null {
  const [, base, letter, year] = INVERSE.exec(symbol) ?? []
  if (base === undefined) return null
  const deliveryTime = letter === undefined ? null : lastFriday(2000 + Number(year), letter)
  return undatedOf(base, 'USD', base, deliveryTime)
}

function parseOption(symbol: string): InstrumentName | null {
  const [, base = '', date = '', strike, side, quote = 'USDC'] = OPTION.exec(symbol) ?? []
  const deliveryTime = deliveryOf(date)
  if (deliveryTime === null) return null
  const optionsType = side === 'C' ? 'Call' : 'Put'
  return { ...undatedOf(base, quote, quote, deliveryTime), strike: Number(strike), optionsType }
}

function undatedOf(
  baseCoin: string,
  quoteCoin: string,
  settleCoin: string,
  deliveryTime: number | null,
): InstrumentName {
  return { baseCoin, quoteCoin, settleCoin, deliveryTime, strike: null, optionsType: null }
}

/** 08:00 UTC of a day written as `26DEC25`. */
function deliveryOf(date: string): number | null {
  const [, day, name = '', year] = /^(\d+)([A-Z]+)(\d+)$/.exec(date) ?? []
  const month = MONTHS.indexOf(name)
  if (month === -1) return null
  return Date.UTC(2000 + Number(year), month, Number(day), DELIVERY_HOUR)
}

function lastFriday(year: number, letter: string): number {
  const lastDay = new Date(Date.UTC(year, (QUARTERS[letter] ?? 0) + 1, 0, DELIVERY_HOUR))
  return lastDay.getTime() - ((lastDay.getUTCDay() + 2) % 7) * 86_400_000
}

/**
 * Names of options that expire on a month's last Friday two to three months ahead, so that a test
 * never meets an expired option, whenever it runs.
 *
 * @example
 * optionSymbols('BTC', [100000, 120000], Date.now()) // two calls and two puts
 */
export function optionSymbols(
  baseCoin: string,
  strikes: readonly number[],
  nowMs: number,
): string[] {
  const ahead = new Date(nowMs + 60 * 86_400_000)
  const lastDay = new Date(Date.UTC(ahead.getUTCFullYear(), ahead.getUTCMonth() + 1, 0))
  const day = lastDay.getUTCDate() - ((lastDay.getUTCDay() + 2) % 7)
  const date = `${day}${MONTHS[lastDay.getUTCMonth()]}${lastDay.getUTCFullYear() % 100}`
  return strikes.flatMap((strike) =>
    ['C', 'P'].map((side) => `${baseCoin}-${date}-${plainText(strike)}-${side}-USDT`),
  )
}

/** A number without an exponent, which JavaScript writes below 1e-6 and from 1e21 on. */
function plainText(value: number): string {
  const [digits = '', exponent] = String(value).split('e')
  if (exponent === undefined) return digits
  const places = Number(exponent)
  const figures = digits.replace('.', '')
  return places < 0 ? `0.${'0'.repeat(-places - 1)}${figures}` : figures.padEnd(places + 1, '0')
}

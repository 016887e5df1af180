import { CATEGORIES, type Category, isSymbol } from '@grid/core-events'
import { httpBase } from '../endpoints.ts'
import { BybitAdapterError } from '../errors.ts'

/** The categories whose trades the exchange publishes in daily files. */
export type ArchiveCategory = Exclude<Category, 'option'>

/** One day of one symbol. */
export interface TradeArchiveDay {
  readonly category: ArchiveCategory
  readonly symbol: string
  /** A UTC day such as `2026-11-21`. */
  readonly day: string
}

/** A day's trades, and where the archive is. */
export interface ArchiveLocation extends TradeArchiveDay {
  /** A base such as `http://127.0.0.1:9003`; default `https://public.bybit.com`. */
  readonly archiveUrl?: string | undefined
}

const ARCHIVE = 'https://public.bybit.com'
const DAY = /^\d{4}-\d{2}-\d{2}$/

/**
 * The address of a day's trades, a gzipped CSV.
 *
 * Throws `INVALID_OPTION`.
 *
 * @example
 * tradeArchiveUrl({ category: 'linear', symbol: 'BTCUSDT', day: '2026-11-21' })
 * // 'https://public.bybit.com/trading/BTCUSDT/BTCUSDT2026-11-21.csv.gz'
 */
export function tradeArchiveUrl({ archiveUrl = ARCHIVE, ...location }: ArchiveLocation): string {
  return `${httpBase('archiveUrl', archiveUrl)}/${tradeArchivePath(location)}`
}

/** The path of a day's trades within the archive; throws `INVALID_OPTION`. */
export function tradeArchivePath({ category, symbol, day }: TradeArchiveDay): string {
  // Callers without types may ask for option trades, which have no archive.
  if (!CATEGORIES.includes(category) || (category as Category) === 'option') {
    throw invalid('category', 'must be linear, inverse or spot', category)
  }
  if (!isSymbol(symbol)) throw invalid('symbol', 'must be a name such as BTCUSDT', symbol)
  if (!DAY.test(day) || !isRealDay(day)) {
    throw invalid('day', 'must be a day such as 2026-11-21', day)
  }
  const name = encodeURIComponent(symbol)
  return category === 'spot'
    ? `spot/${name}/${name}_${day}.csv.gz`
    : `trading/${name}/${name}${day}.csv.gz`
}

/** Whether a date exists: Date.parse makes a day in March of 30 February. */
function isRealDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
}

function invalid(option: string, fault: string, value: unknown): BybitAdapterError {
  const message = `${option} ${fault}, got ${JSON.stringify(value)}`
  return new BybitAdapterError('INVALID_OPTION', message, { option })
}

import type { TradeTruth } from '../truth/trade-truth.ts'

/** How archive files are laid out: older ones have fewer columns. */
export interface ArchiveLayout {
  /** Whether a last column marks retail price improvement (RPI) trades. */
  readonly hasRpi: boolean
}

/** One kind of archive file: its header, and the row of its trade with a number. */
export interface ArchiveFormat {
  header(layout: ArchiveLayout): string
  row(trade: TradeTruth, number: number, layout: ArchiveLayout): string
}

const VALUE_SCALE = 1e8

/** `/trading/{symbol}/{symbol}{day}.csv.gz`: times in seconds, UUIDs as ids. */
export const CONTRACT_FORMAT: ArchiveFormat = {
  header: ({ hasRpi }) =>
    `timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional${hasRpi ? ',RPI' : ''}`,
  row: (t, number, { hasRpi }) => {
    const value = t.category === 'inverse' ? baseValue(t) : Number(t.size) * Number(t.price)
    const gross = exponentText(value * VALUE_SCALE)
    const head = `${secondsText(t.exchangeTs, number)},${t.symbol},${t.side},${plain(t.size)},${t.price}`
    return `${head},${t.tickDirection},${t.tradeId},${gross},${plain(t.size)},${value}${rpiText(t, hasRpi)}`
  },
}

/** `/spot/{symbol}/{symbol}_{day}.csv.gz`: times in milliseconds, row numbers in place of ids. */
export const SPOT_FORMAT: ArchiveFormat = {
  header: ({ hasRpi }) => `id,timestamp,price,volume,side${hasRpi ? ',rpi' : ''}`,
  row: (t, number, { hasRpi }) =>
    `${number},${t.exchangeTs},${t.price},${t.size},${t.side.toLowerCase()}${rpiText(t, hasRpi)}`,
}

/**
 * Seconds with four decimals, without trailing zeros. The socket does not send the fourth decimal:
 * flooring gives the socket's millisecond, rounding gives another one half of the time.
 */
function secondsText(ts: number, number: number): string {
  const tenths = `${String(ts % 1000).padStart(3, '0')}${(number * 7) % 10}`.replace(/0+$/, '')
  return `${Math.floor(ts / 1000)}${tenths === '' ? '' : `.${tenths}`}`
}

/** The value of an inverse trade in its base coin, to eight places. */
function baseValue(t: TradeTruth): number {
  return Math.round((Number(t.size) / Number(t.price)) * VALUE_SCALE) / VALUE_SCALE
}

/** A number as `4.50554e+08`. */
function exponentText(value: number): string {
  return value.toExponential().replace(/([+-])(\d)$/, '$10$2')
}

/** Without trailing zeros, which the socket does write. */
function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function rpiText(t: TradeTruth, hasRpi: boolean): string {
  return hasRpi ? `,${t.isRpiTrade === true ? 1 : 0}` : ''
}

import { hashText } from './random.ts'

/** A linear perpetual: its price and size grids, in integers. */
export interface Instrument {
  readonly symbol: string
  /** Decimal places of prices on the wire. */
  readonly priceDecimals: number
  /** Tick size, in units of the last price decimal. */
  readonly tick: number
  /** Decimal places of sizes on the wire; the lot is one unit of the last. */
  readonly sizeDecimals: number
  /** Price at the start, in units of the last price decimal; a multiple of `tick`. */
  readonly startPrice: number
}

/** Grids of real instruments (price scale, tick size, quantity step). */
const KNOWN: { readonly [symbol: string]: Omit<Instrument, 'symbol'> } = {
  BTCUSDT: { priceDecimals: 2, tick: 10, sizeDecimals: 3, startPrice: 10_000_000 },
  ETHUSDT: { priceDecimals: 2, tick: 1, sizeDecimals: 2, startPrice: 266_525 },
  SOLUSDT: { priceDecimals: 3, tick: 10, sizeDecimals: 1, startPrice: 143_210 },
  XRPUSDT: { priceDecimals: 4, tick: 1, sizeDecimals: 1, startPrice: 24_512 },
  DOGEUSDT: { priceDecimals: 5, tick: 1, sizeDecimals: 0, startPrice: 21_344 },
}

/** The grids of a symbol: real ones where known, else made up from its name, always the same. */
export function instrumentOf(symbol: string): Instrument {
  const known = KNOWN[symbol]
  if (known !== undefined) return { symbol, ...known }
  const hash = hashText(symbol)
  const sizeDecimals = hash % 3
  return {
    symbol,
    sizeDecimals,
    priceDecimals: 4 - sizeDecimals + ((hash >>> 8) % 2),
    tick: 1,
    startPrice: 20_000 + ((hash >>> 12) % 200_000),
  }
}

import type { PublicTradeEvent } from '@grid/core-events'
import { plainDecimal } from '../../columns/encoding/encode-numerics.ts'
import { assertText } from '../../columns/encoding/encode-varying.ts'

/** Bits 0 to 2 of `flags`: the place in this list, counted from 1; 0 for another direction, or none. */
const TICK_DIRECTIONS: readonly (string | null)[] = [
  'PlusTick',
  'ZeroPlusTick',
  'MinusTick',
  'ZeroMinusTick',
]
/** Two bits each: whether the value is known, and whether it is true. */
const BLOCK_TRADE = { known: 1 << 3, so: 1 << 4 }
const RPI_TRADE = { known: 1 << 5, so: 1 << 6 }

const DECIMALS = ['markPrice', 'indexPrice', 'markIv', 'iv'] as const

/**
 * Packs a trade's tick direction, block trade and RPI into column `flags`; view `public_trades_wide`
 * takes it apart. Throws for a value that is neither a boolean nor null.
 */
export function tradeFlags({ tickDirection, isBlockTrade, isRpiTrade }: PublicTradeEvent): number {
  return (
    (TICK_DIRECTIONS.indexOf(tickDirection) + 1) |
    bitsOf(BLOCK_TRADE, isBlockTrade) |
    bitsOf(RPI_TRADE, isRpiTrade)
  )
}

function bitsOf({ known, so }: { known: number; so: number }, value: boolean | null): number {
  if (value === true) return known | so
  if (value === false) return known
  if (value === null || value === undefined) return 0
  throw new TypeError(`${String(value)} is no boolean`)
}

/**
 * Packs what few trades have into column `details`, as JSON; empty for most trades: mark and index
 * price, volatilities, and a tick direction that `flags` has no number for. Throws for a value that is
 * no decimal.
 */
export function tradeDetails(trade: PublicTradeEvent): string {
  const { tickDirection } = trade
  let details: Record<string, string> | undefined
  for (const field of DECIMALS) {
    const value = trade[field]
    if (value === null || value === undefined) continue
    details ??= {}
    details[field] = plainDecimal(value)
  }
  if (
    tickDirection !== null &&
    tickDirection !== undefined &&
    !TICK_DIRECTIONS.includes(tickDirection)
  ) {
    assertText(tickDirection)
    details = { ...details, tickDirection }
  }
  return details === undefined ? '' : JSON.stringify(details)
}

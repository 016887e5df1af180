import type { Category } from '@grid/core-events'
import { SimError } from '../base/errors.ts'
import type { TradeOverrides } from './trade-tape.ts'

/** Trades placed by hand. A column that is given holds for all of them; the others are generated. */
export interface TradeSpec extends TradeOverrides {
  readonly symbol: string
  /** Default `linear`. */
  readonly category?: Category
  /** How many; default 1. */
  readonly count?: number
  /** Whether they are one match, sharing seq and time; default true. */
  readonly sameSeq?: boolean
  /** Trades in a frame, at most and by default 1024. */
  readonly perFrame?: number
}

/**
 * Throws `SIM_BAD_INPUT` for texts that would need escaping in JSON: values are written into frames
 * as they are. `broadcast` sends malformed frames.
 */
export function checkOverrides(values: { readonly [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' && JSON.stringify(value) !== `"${value}"`) {
      throw new SimError(
        'SIM_BAD_INPUT',
        `${name} must be plain text; use broadcast for other frames`,
      )
    }
  }
}

import type { Category, Source } from './channel.ts'
import type { Channel } from './event.ts'

/**
 * Why an item became a dead letter.
 *
 * | code | meaning |
 * |---|---|
 * | `FRAME_NOT_JSON` | the frame is not JSON text |
 * | `FRAME_TOO_LARGE` | the frame exceeds the payload limit |
 * | `FRAME_MALFORMED` | the frame is JSON, but its envelope is not the exchange's |
 * | `ITEM_MALFORMED` | one item's field is missing or unreadable; `field` names it |
 * | `STORE_REJECTED` | the database refuses the row |
 * | `KEY_CONFLICT` | a stored row has the same identity and other values |
 */
export type DeadLetterCode =
  | 'FRAME_NOT_JSON'
  | 'FRAME_TOO_LARGE'
  | 'FRAME_MALFORMED'
  | 'ITEM_MALFORMED'
  | 'STORE_REJECTED'
  | 'KEY_CONFLICT'

/** An item that could not be normalized or stored, kept whole, with the reason. */
export interface DeadLetter {
  readonly code: DeadLetterCode
  /** A sentence that names the field and the value. */
  readonly reason: string
  /** The offending field as the exchange names it; null when the whole item is unreadable. */
  readonly field: string | null
  /** Null where the item has none, as wallets, or does not say. */
  readonly category: Category | null
  /** Null when the frame does not say. */
  readonly channel: Channel | null
  readonly topic: string | null
  readonly symbol: string | null
  /** Whose it is; left out for market data. */
  readonly accountId?: string
  readonly source: Source
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
  /** The item's own bytes as received, or the whole frame's where no item can be told. */
  readonly raw: Uint8Array
}

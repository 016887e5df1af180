import type { Category, Source } from './channel.ts'
import type { Channel } from './event.ts'

/**
 * Why an item became a dead letter.
 *
 * | code | meaning |
 * |---|---|
 * | `FRAME_NOT_JSON` | the frame is not JSON text |
 * | `FRAME_TOO_LARGE` | the frame exceeds the payload limit |
 * | `FRAME_MALFORMED` | the frame is JSON, but not in the exchange's envelope |
 * | `ITEM_MALFORMED` | a field of the item is missing or unreadable; `field` names it |
 * | `STORE_REJECTED` | the database refused the row |
 * | `KEY_CONFLICT` | a stored row has the same identity but other values |
 */
export type DeadLetterCode =
  | 'FRAME_NOT_JSON'
  | 'FRAME_TOO_LARGE'
  | 'FRAME_MALFORMED'
  | 'ITEM_MALFORMED'
  | 'STORE_REJECTED'
  | 'KEY_CONFLICT'

/** Every code. */
export const DEAD_LETTER_CODES: readonly DeadLetterCode[] = [
  'FRAME_NOT_JSON',
  'FRAME_TOO_LARGE',
  'FRAME_MALFORMED',
  'ITEM_MALFORMED',
  'STORE_REJECTED',
  'KEY_CONFLICT',
]

/** An item that could not be normalized or stored, kept unchanged, with the reason. */
export interface DeadLetter {
  readonly code: DeadLetterCode
  /** A sentence that names the field and the value. */
  readonly reason: string
  /** The wrong field, as the exchange names it; null when the whole item is unreadable. */
  readonly field: string | null
  /** Null when the item has none (wallets) or does not say. */
  readonly category: Category | null
  /** Null when the frame does not say. */
  readonly channel: Channel | null
  readonly topic: string | null
  readonly symbol: string | null
  /** Our id of the account; left out for market data. */
  readonly accountId?: string
  readonly source: Source
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
  /** The bytes of the item as received; those of the whole frame when no item can be separated. */
  readonly raw: Uint8Array
}

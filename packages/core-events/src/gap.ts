import type { Category } from './channel.ts'
import type { Channel } from './event.ts'

/** Why events of a stream may have been missed. */
export type GapReason = 'disconnect' | 'stale' | 'queue_full' | 'start'

/** An interval of one stream in which events may have been missed. */
export interface Gap {
  readonly category: Category
  readonly channel: Channel
  readonly symbol: string
  /** Start in epoch milliseconds, inclusive. */
  readonly startTs: number
  /** End in epoch milliseconds, inclusive. */
  readonly endTs: number
  readonly reason: GapReason
}

import type { Category } from './channel.ts'
import type { PrivateChannel, PublicChannel } from './event.ts'

/** Why events of a stream may have been missed. */
export type GapReason = 'disconnect' | 'stale' | 'queue_full' | 'start'

/** An interval of one public stream in which events may have been missed. */
export interface Gap {
  readonly category: Category
  readonly channel: PublicChannel
  readonly symbol: string
  /** Start in epoch milliseconds, inclusive. */
  readonly startTs: number
  /** End in epoch milliseconds, inclusive. */
  readonly endTs: number
  readonly reason: GapReason
}

/** An interval of one channel of one account, in all its categories, in which events may have been missed. */
export interface PrivateGap {
  readonly accountId: string
  readonly channel: PrivateChannel
  /** Start in epoch milliseconds, inclusive. */
  readonly startTs: number
  /** End in epoch milliseconds, inclusive. */
  readonly endTs: number
  readonly reason: GapReason
}

/** A gap of any stream. */
export type CaptureGap = Gap | PrivateGap

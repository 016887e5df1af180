import type { AccountStream, MarketStream } from './stream.ts'

/** Why events of a stream may have been missed. */
export type GapReason = 'disconnect' | 'stale' | 'queue_full' | 'start'

/** An interval in which events may have been missed, and why. */
export interface GapBounds {
  /** Start in epoch milliseconds, inclusive. */
  readonly startTs: number
  /** End in epoch milliseconds, inclusive. */
  readonly endTs: number
  readonly reason: GapReason
}

/** An interval of one stream of market data in which events may have been missed. */
export interface Gap extends MarketStream, GapBounds {}

/** An interval of one channel of one account, in all its categories, in which events may have been missed. */
export interface PrivateGap extends AccountStream, GapBounds {}

/** A gap of any stream. */
export type CaptureGap = Gap | PrivateGap

import type { AccountStream, MarketStream } from './stream.ts'

/**
 * Why events of a stream may have been missed.
 *
 * | reason | meaning |
 * |---|---|
 * | `disconnect` | the connection was lost |
 * | `stale` | the connection or the stream was silent until that was noticed |
 * | `queue_full` | events were dropped because a queue was full |
 * | `start` | nothing was captured between the last stored event and the start |
 */
export type GapReason = 'disconnect' | 'stale' | 'queue_full' | 'start'

/** An interval in which events may have been missed, and why. */
export interface GapBounds {
  /** Start in epoch milliseconds, inclusive. */
  readonly startTs: number
  /** End in epoch milliseconds, inclusive. */
  readonly endTs: number
  readonly reason: GapReason
}

/** An interval in which events of one stream of market data may have been missed. */
export interface Gap extends MarketStream, GapBounds {}

/** An interval in which events of one channel of an account, in all categories, may have been missed. */
export interface PrivateGap extends AccountStream, GapBounds {}

/** A gap of any stream. */
export type CaptureGap = Gap | PrivateGap

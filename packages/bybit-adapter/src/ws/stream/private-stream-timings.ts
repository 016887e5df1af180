import { DEFAULT_TIMINGS, type StreamTimings } from './stream-timings.ts'

/** The deadlines of a private stream, all in milliseconds. */
export interface PrivateStreamTimings
  extends Omit<
    StreamTimings,
    | 'snapshotTimeoutMs'
    | 'rotateAfterMs'
    | 'rotateTimeoutMs'
    | 'rotateRetryMs'
    | 'silenceGraceMs'
    | 'silenceAfterMs'
    | 'silenceRetryMs'
  > {
  /** How long a login is valid from when it is sent: the way there, and how wrong the clock may be. */
  readonly loginValidMs: number
  /** From a login to its answer; also how long the exchange's time is waited for before it. */
  readonly loginTimeoutMs: number
  /** While connected, a key is examined over REST after half of this to all of it; infinite for never. */
  readonly keyCheckMs: number
  /** After a refused key, up to this until it is tried again; doubled each time. */
  readonly keyRetryBaseMs: number
  /** No refused key waits longer. */
  readonly keyRetryCapMs: number
}

/** The timings that the exchange's rules and its users' reports recommend. */
export const DEFAULT_PRIVATE_TIMINGS: StreamTimings & PrivateStreamTimings = {
  ...DEFAULT_TIMINGS,
  loginValidMs: 10_000,
  loginTimeoutMs: 10_000,
  keyCheckMs: 600_000,
  keyRetryBaseMs: 60_000,
  keyRetryCapMs: 3_600_000,
}

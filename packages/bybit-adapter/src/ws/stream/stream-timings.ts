/** The deadlines of a stream, all in milliseconds. */
export interface StreamTimings {
  /** From connecting to open. */
  readonly connectTimeoutMs: number
  /** Between two pings. */
  readonly pingIntervalMs: number
  /** From a ping to any inbound frame; past it the socket is stale. */
  readonly pongTimeoutMs: number
  /** From our close frame to the server's; past it the socket is cut. */
  readonly closeTimeoutMs: number
  /** The first reconnect waits up to this; doubled for each further failure. */
  readonly backoffBaseMs: number
  /** No reconnect waits longer. */
  readonly backoffCapMs: number
  /** From a subscribe request to its ack. */
  readonly ackTimeoutMs: number
  /** From an ack to the first data, for topics that open with a snapshot. */
  readonly snapshotTimeoutMs: number
  /** Before a request that was refused for an unknown reason is sent again; doubled each time. */
  readonly requestRetryMs: number
  /** Between two attempts to subscribe refused topics. */
  readonly refusedRetryMs: number
  /** How far before the last inbound frame a gap begins, and after a silent topic's ack it ends. */
  readonly gapPadMs: number
  /** A connection is replaced, with overlap, after half of this to all of it; infinite for never. */
  readonly rotateAfterMs: number
  /**
   * From beginning to connect until every topic is live there; past it the old one stays. Once they
   * are, an old one that lags has as long to catch up; past it what it lacks is a gap.
   */
  readonly rotateTimeoutMs: number
  /** A failed rotation is tried again after this. */
  readonly rotateRetryMs: number
  /** What a symbol's other streams say counts against a topic this long after its newest data. */
  readonly silenceGraceMs: number
  /** From the first sign that a topic is silent while others talk to the next cure. */
  readonly silenceAfterMs: number
  /** After every cure failed, before the first is tried again. */
  readonly silenceRetryMs: number
}

/** The timings that the exchange's rules and its users' reports recommend. */
export const DEFAULT_TIMINGS: StreamTimings = {
  connectTimeoutMs: 10_000,
  pingIntervalMs: 20_000,
  pongTimeoutMs: 10_000,
  closeTimeoutMs: 2_000,
  backoffBaseMs: 500,
  backoffCapMs: 30_000,
  ackTimeoutMs: 10_000,
  snapshotTimeoutMs: 10_000,
  requestRetryMs: 1_000,
  refusedRetryMs: 300_000,
  gapPadMs: 5_000,
  rotateAfterMs: 4 * 3_600_000,
  rotateTimeoutMs: 60_000,
  rotateRetryMs: 600_000,
  silenceGraceMs: 5_000,
  silenceAfterMs: 15_000,
  silenceRetryMs: 3_600_000,
}

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

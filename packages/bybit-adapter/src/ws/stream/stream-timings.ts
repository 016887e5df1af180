/** The deadlines of a stream, all in milliseconds. */
export interface StreamTimings {
  /** From connecting to open. */
  readonly connectTimeoutMs: number
  /** Between two pings. */
  readonly pingIntervalMs: number
  /** From a ping to any inbound frame; after that the socket is stale. */
  readonly pongTimeoutMs: number
  /** From our close frame to the server's; after that the socket is cut. */
  readonly closeTimeoutMs: number
  /** The first reconnect waits at most this long; doubled for each further failure. */
  readonly backoffBaseMs: number
  /** No reconnect waits longer. */
  readonly backoffCapMs: number
  /** From a subscribe request to its ack. */
  readonly ackTimeoutMs: number
  /** From an ack to the first data of a topic that opens with a snapshot. */
  readonly snapshotTimeoutMs: number
  /** Before a request refused for an unknown reason is sent again; doubled each time. */
  readonly requestRetryMs: number
  /** Between two attempts to subscribe refused topics. */
  readonly refusedRetryMs: number
  /**
   * A gap begins this long before the last inbound frame, or less once a topic's lag is measured: twice
   * that, at least 250 ms. A silent topic's gap ends this long after its ack.
   */
  readonly gapPadMs: number
  /** A connection is replaced, with overlap, when half to all of this has passed; infinite for never. */
  readonly rotateAfterMs: number
  /**
   * How long a new connection may take until every topic is live; after that the old one stays. Then
   * an old connection that lags has as long to catch up; after that what it lacks is a gap.
   */
  readonly rotateTimeoutMs: number
  /** A failed rotation is tried again after this. */
  readonly rotateRetryMs: number
  /** Proof of a trade counts against a topic only this long after the topic's newest data. */
  readonly silenceGraceMs: number
  /** From the first sign of a topic's silence to the next cure. */
  readonly silenceAfterMs: number
  /** After every cure has failed, before the first is tried again. */
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
  /** How long a login is valid after sending: allows for its way and for a wrong clock. */
  readonly loginValidMs: number
  /** From a login to its answer; before the login, also the longest wait for the exchange's time. */
  readonly loginTimeoutMs: number
  /** While connected, a key is checked over REST when half to all of this has passed; infinite for never. */
  readonly keyCheckMs: number
  /** A refused key is tried again after at most this; doubled each time. */
  readonly keyRetryBaseMs: number
  /** A refused key never waits longer. */
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

import { type CaptureGap, type Clock, type ClockTimer, durationText } from '@grid/core-events'
import type { Logger } from './log.ts'

/** Gaps that come within this time of each other are told of together: that of a quiet topic ends 5 s after its ack. */
const QUIET_MS = 6000
/** A line waits no longer for more of them. */
const LONGEST_MS = 15_000
/** How many streams or accounts a line names. */
const MOST_NAMED = 5

/** The gaps of one category, or of accounts, and of one reason, that are not told of yet. */
interface Burst {
  readonly facts: object
  readonly sinceUs: number
  gaps: number
  startTs: number
  endTs: number
  longestMs: number
  readonly accounts: Set<string>
  readonly streams: Set<string>
}

/**
 * Logs the gaps of streams, all that one reconnect or start leaves in one line: a reconnect of many topics leaves
 * hundreds.
 */
export class GapLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #bursts = new Map<string, Burst>()
  #timer: ClockTimer | null = null

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Takes a gap, as it is recorded. */
  take(gap: CaptureGap): void {
    const { channel, reason, startTs, endTs } = gap
    const isOfAccount = 'accountId' in gap
    // All accounts in one: an exchange that restarts cuts off hundreds.
    const whose = isOfAccount ? {} : { category: gap.category }
    const key = JSON.stringify([whose, reason])
    const burst = this.#bursts.get(key) ?? {
      facts: { ...whose, reason },
      sinceUs: this.#clock.nowUs(),
      gaps: 0,
      startTs,
      endTs,
      longestMs: 0,
      accounts: new Set(),
      streams: new Set(),
    }
    this.#bursts.set(key, burst)
    burst.gaps += 1
    burst.startTs = Math.min(burst.startTs, startTs)
    burst.endTs = Math.max(burst.endTs, endTs)
    burst.longestMs = Math.max(burst.longestMs, endTs - startTs)
    if (isOfAccount) burst.accounts.add(gap.accountId)
    if (burst.streams.size < MOST_NAMED) {
      burst.streams.add(isOfAccount ? channel : `${channel} ${gap.symbol}`)
    }
    const waitedMs = (this.#clock.nowUs() - this.#oldestUs()) / 1000
    if (waitedMs >= LONGEST_MS) {
      this.flush()
      return
    }
    this.#timer?.cancel()
    this.#timer = this.#clock.setTimer(() => this.flush(), QUIET_MS)
  }

  /** Tells of everything at once. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = null
    for (const {
      accounts,
      facts,
      gaps,
      longestMs,
      startTs,
      endTs,
      streams,
    } of this.#bursts.values()) {
      const named = [...accounts].slice(0, MOST_NAMED)
      const whose = accounts.size === 0 ? {} : { accounts: accounts.size, accountIds: named }
      const times = { from: isoOf(startTs), to: isoOf(endTs) }
      const line = {
        code: 'GAP',
        ...facts,
        ...whose,
        gaps,
        longestMs,
        ...times,
        streams: [...streams],
      }
      const what = gaps === 1 ? '1 gap' : `${gaps} gaps`
      this.#log.warn(line, `events may be missing: ${what}, longest ${durationText(longestMs)}`)
    }
    this.#bursts.clear()
  }

  #oldestUs(): number {
    return [...this.#bursts.values()].reduce(
      (oldest, { sinceUs }) => Math.min(oldest, sinceUs),
      Number.POSITIVE_INFINITY,
    )
  }
}

/** A time as text; the number where it is none that a date can be. */
function isoOf(ts: number): string | number {
  const date = new Date(ts)
  return Number.isNaN(date.getTime()) ? ts : date.toISOString()
}

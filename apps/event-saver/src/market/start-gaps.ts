import {
  type Category,
  type Gap,
  type MarketStream,
  MOST_AHEAD_MS,
  PUBLIC_CHANNELS,
  type PublicChannel,
  streamKey,
} from '@grid/core-events'

/** What is known of one channel of one symbol, in all its variants. */
interface Start {
  /** Exchange time of its last event that was stored before this process, in epoch milliseconds. */
  storedTs?: number
  /** By stream key, when each variant was first live in this process. */
  readonly live: Map<string, Live>
}

interface Live {
  readonly stream: MarketStream
  /** The topics that have been live: spot's tickers come by two, and what the later one brings was missed longer. */
  readonly topics: Set<string>
  /** In epoch milliseconds; later once data has shown that this machine's clock is behind. */
  atMs: number
  hasData: boolean
}

/** The first data tell by how much the clock is behind, less the time for which they were under way. */
const UNDER_WAY_MS = 1000

/**
 * Finds the gaps of the time in which no process ran: from each stream's last stored event to the
 * moment in which it is first live again. A stream of which nothing is stored has no such gap.
 */
export class StartGaps {
  readonly #onGap: (gap: Gap) => void
  readonly #starts = new Map<string, Start>()
  #silent = 0

  constructor(onGap: (gap: Gap) => void) {
    this.#onGap = onGap
  }

  /** A topic of a stream is live. Only its first time counts. */
  onLive(stream: MarketStream, atMs: number, topic = ''): void {
    const start = this.#startOf(stream)
    const key = streamKey(stream)
    const known = start.live.get(key)
    if (known === undefined) {
      start.live.set(key, { stream, topics: new Set([topic]), atMs, hasData: false })
      this.#silent += 1
      this.#judge(stream, start.storedTs, atMs)
    } else if (!known.topics.has(topic)) {
      known.topics.add(topic)
      this.#extend(start, known, atMs)
    }
  }

  /** A stream that was told to be live was so only later. */
  #extend({ storedTs }: Start, live: Live, atMs: number): void {
    const toldMs = live.atMs
    live.atMs = Math.max(toldMs, atMs)
    if (storedTs === undefined) return
    this.#judge(live.stream, Math.max(storedTs, toldMs), live.atMs)
  }

  /** Whether the first data of a live stream are still to come. */
  get awaitsData(): boolean {
    return this.#silent > 0
  }

  /**
   * Data of a stream came. Only its first ones count: when they were sent later than they were received,
   * this machine's clock is behind, so the stream was live later than it said.
   */
  onData(stream: MarketStream, receivedMs: number, exchangeTs: number): void {
    const start = this.#startOf(stream)
    const live = start.live.get(streamKey(stream))
    if (live === undefined || live.hasData) return
    const behindMs = exchangeTs - receivedMs
    // One absurd time must not make a gap of years.
    if (behindMs > MOST_AHEAD_MS) return
    live.hasData = true
    this.#silent -= 1
    if (behindMs <= 0) return
    this.#extend(start, live, live.atMs + behindMs + UNDER_WAY_MS)
  }

  /**
   * When events of a channel were last stored before this process, by the stream's symbol, in epoch
   * milliseconds. Only a stream's first time counts: an instrument that is added later to a stream of
   * several was not missed on it before.
   */
  onStored(category: Category, channel: PublicChannel, lastTs: ReadonlyMap<string, number>): void {
    for (const [symbol, storedTs] of lastTs) {
      const start = this.#startOf({ category, channel, symbol })
      if (start.storedTs !== undefined) continue
      start.storedTs = storedTs
      for (const { stream, atMs } of start.live.values()) this.#judge(stream, storedTs, atMs)
    }
  }

  /** A symbol is no longer captured. Should it come back, its absence is a gap. */
  forget(category: Category, symbol: string): void {
    for (const channel of PUBLIC_CHANNELS) {
      const key = streamKey({ category, channel, symbol })
      for (const { hasData } of this.#starts.get(key)?.live.values() ?? []) {
        if (!hasData) this.#silent -= 1
      }
      this.#starts.delete(key)
    }
  }

  #judge(stream: MarketStream, storedTs: number | undefined, liveMs: number): void {
    if (storedTs === undefined || storedTs >= liveMs) return
    this.#onGap({ ...stream, startTs: storedTs, endTs: liveMs, reason: 'start' })
  }

  #startOf({ category, channel, symbol }: MarketStream): Start {
    const key = streamKey({ category, channel, symbol })
    const start = this.#starts.get(key) ?? { live: new Map() }
    this.#starts.set(key, start)
    return start
  }
}

import {
  type Category,
  type Gap,
  type MarketStream,
  PUBLIC_CHANNELS,
  type PublicChannel,
  streamKey,
} from '@grid/core-events'

/** What is known of one channel of one symbol, in all its variants. */
interface Start {
  /** Exchange time of its last event that was stored before this process, in epoch milliseconds. */
  storedTs?: number
  /** By stream key, when each variant was first live in this process, in epoch milliseconds. */
  readonly live: Map<string, { readonly stream: MarketStream; readonly atMs: number }>
}

/**
 * Finds the gaps of the time in which no process ran: from each stream's last stored event to the
 * moment in which it is first live again. A stream of which nothing is stored has no such gap.
 */
export class StartGaps {
  readonly #onGap: (gap: Gap) => void
  readonly #starts = new Map<string, Start>()

  constructor(onGap: (gap: Gap) => void) {
    this.#onGap = onGap
  }

  /** A stream is live. Only its first time counts. */
  onLive(stream: MarketStream, atMs: number): void {
    const start = this.#startOf(stream)
    const key = streamKey(stream)
    if (start.live.has(key)) return
    start.live.set(key, { stream, atMs })
    this.#judge(stream, start.storedTs, atMs)
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
      this.#starts.delete(streamKey({ category, channel, symbol }))
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

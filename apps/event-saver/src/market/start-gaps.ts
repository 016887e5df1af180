import { type Category, type Gap, PUBLIC_CHANNELS, type PublicChannel } from '@grid/core-events'
import type { GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { CHANNEL_STORES } from '../pipeline/channel-stores.ts'

/** A stream of market data. */
export type PublicStreamName = Pick<Gap, 'category' | 'channel' | 'symbol'>

interface Start {
  /** When the stream was first live in this process, in epoch milliseconds. */
  liveMs?: number
  /** Exchange time of its last stored event before this process, in epoch milliseconds. */
  storedTs?: number
}

/**
 * Finds the gap that a process leaves which was down: from a stream's last stored event to the
 * moment in which it was first live again. A stream that was never stored has none.
 */
export class StartGaps {
  readonly #onGap: (gap: Gap) => void
  readonly #starts = new Map<string, Start>()

  constructor(onGap: (gap: Gap) => void) {
    this.#onGap = onGap
  }

  /** A stream is live; only the first time counts. */
  onLive(stream: PublicStreamName, atMs: number): void {
    const start = this.#startOf(stream)
    if (start.liveMs !== undefined) return
    start.liveMs = atMs
    this.#judge(stream, start)
  }

  /** What was stored of streams before anything of this process was. */
  onStored(category: Category, channel: PublicChannel, lastTs: ReadonlyMap<string, number>): void {
    for (const [symbol, storedTs] of lastTs) {
      const stream = { category, channel, symbol }
      const start = this.#startOf(stream)
      start.storedTs = storedTs
      this.#judge(stream, start)
    }
  }

  /** A symbol is wanted no more; should it come back, its absence is a gap. */
  forget(category: Category, symbol: string): void {
    for (const channel of PUBLIC_CHANNELS) this.#starts.delete(keyOf({ category, channel, symbol }))
  }

  #judge(stream: PublicStreamName, { liveMs, storedTs }: Start): void {
    if (liveMs === undefined || storedTs === undefined || storedTs >= liveMs) return
    this.#onGap({ ...stream, startTs: storedTs, endTs: liveMs, reason: 'start' })
  }

  #startOf(stream: PublicStreamName): Start {
    const key = keyOf(stream)
    const start = this.#starts.get(key) ?? {}
    this.#starts.set(key, start)
    return start
  }
}

function keyOf({ category, channel, symbol }: PublicStreamName): string {
  return `${category} ${channel} ${symbol}`
}

/** Tells the finder what was stored last of a category's streams. */
export async function readLastStored(
  db: Kysely<GridDatabase>,
  category: Category,
  symbols: readonly string[],
  channels: readonly PublicChannel[],
  gaps: StartGaps,
): Promise<void> {
  for (const channel of channels) {
    const lastTs = await CHANNEL_STORES[channel](db).lastTsBySymbol({ category, symbols })
    gaps.onStored(category, channel, lastTs)
  }
}

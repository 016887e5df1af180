import { streamSymbol } from '@grid/bybit-adapter'
import type { MarketStream, PublicEvent } from '@grid/core-events'
import { type GridDatabase, marketRepository, readMarket } from '@grid/db'
import type { Kysely } from 'kysely'

/** Reads what is stored of a stream, which may be several instruments: option trades come by base coin. */
export class StoredEvents {
  readonly #db: Kysely<GridDatabase>

  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /** The events from one time to another, both inclusive, in epoch milliseconds. */
  async between(stream: MarketStream, startTs: number, endTs: number): Promise<PublicEvent[]> {
    const { category, channel } = stream
    const interval = { from: startTs, to: endTs + 1 }
    const symbols = await this.#symbols(stream, interval)
    if (symbols.length === 0) return []
    const query = { category, symbols, channels: [channel], ...interval }
    const events: PublicEvent[] = []
    for await (const event of readMarket(this.#db, query)) events.push(event)
    return events
  }

  /** Whether an event of some symbols is stored that is older than a time. */
  async hasBefore(
    { category, channel }: MarketStream,
    symbols: readonly string[],
    ts: number,
  ): Promise<boolean> {
    const older = await marketRepository(this.#db, channel).asOf({ category, symbols, at: ts - 1 })
    return older.size > 0
  }

  /** The time of the newest event of the stream's symbol; null when none is stored. */
  lastTs({ category, channel, symbol }: MarketStream): Promise<number | null> {
    return marketRepository(this.#db, channel).lastTs({ category, symbol })
  }

  async #symbols(
    { category, channel, symbol }: MarketStream,
    interval: { readonly from: number; readonly to: number },
  ): Promise<readonly string[]> {
    const stored = await marketRepository(this.#db, channel).symbols({ category, ...interval })
    return stored.filter(
      (name) => name === symbol || streamSymbol(category, channel, name) === symbol,
    )
  }
}

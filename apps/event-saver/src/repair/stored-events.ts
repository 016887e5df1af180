import { streamSymbol } from '@grid/bybit-adapter'
import type { MarketStream, PublicEvent } from '@grid/core-events'
import { type GridDatabase, marketRepository, readMarket } from '@grid/db'
import type { Kysely } from 'kysely'

/** A stream as it is asked for. */
export interface AskedStream {
  readonly stream: MarketStream
  /** Whether it holds several instruments: option trades come by base coin. */
  readonly isMixed: boolean
}

interface Interval {
  readonly from: number
  readonly to: number
}

/** So long before a time it is looked for other instruments of a stream. */
const OTHERS_MS = 86_400_000

/** Reads what is stored of a stream. */
export class StoredEvents {
  readonly #db: Kysely<GridDatabase>

  constructor(db: Kysely<GridDatabase>) {
    this.#db = db
  }

  /**
   * The events from one time to another, both inclusive, in epoch milliseconds; null when they are more than
   * `most`: what is asked for may be years, if one absurd time is among what the exchange told.
   */
  async between(
    { stream, isMixed }: AskedStream,
    startTs: number,
    endTs: number,
    most: number,
  ): Promise<PublicEvent[] | null> {
    const { category, channel, symbol } = stream
    const interval = { from: startTs, to: endTs + 1 }
    const symbols = isMixed ? await this.#symbols(stream, interval) : [symbol]
    if (symbols.length === 0) return []
    const query = { category, symbols, channels: [channel], ...interval }
    const events: PublicEvent[] = []
    for await (const event of readMarket(this.#db, query)) {
      if (events.length === most) return null
      events.push(event)
    }
    return events
  }

  /**
   * Whether an event is stored that is older than a time: of the named instruments of the stream one of any age,
   * of its others one of the day before.
   */
  async hasBefore(
    { stream, isMixed }: AskedStream,
    symbols: readonly string[],
    ts: number,
  ): Promise<boolean> {
    const { category, channel } = stream
    const older = await marketRepository(this.#db, channel).asOf({ category, symbols, at: ts - 1 })
    if (older.size > 0 || !isMixed) return older.size > 0
    return (await this.#symbols(stream, { from: ts - OTHERS_MS, to: ts })).length > 0
  }

  /** The time of the newest event of the stream's symbol; null when none is stored. */
  lastTs({ category, channel, symbol }: MarketStream): Promise<number | null> {
    return marketRepository(this.#db, channel).lastTs({ category, symbol })
  }

  /** The instruments of a stream of several: it takes a look at all rows of the days. */
  async #symbols(
    { category, channel, symbol }: MarketStream,
    interval: Interval,
  ): Promise<readonly string[]> {
    const stored = await marketRepository(this.#db, channel).symbols({ category, ...interval })
    return stored.filter(
      (name) => name === symbol || streamSymbol(category, channel, name) === symbol,
    )
  }
}

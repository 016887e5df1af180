import type { Channel } from '@grid/core-events'
import type { StoredGap } from '@grid/db'

interface Item {
  readonly symbol: string
  readonly exchangeTs: number
  readonly sentTo: readonly number[]
}

/** What one stream was sent, and what it was not sent since then. */
interface Stream {
  channel: Channel
  symbol: string
  /** Exchange times of items sent to nobody since the last one that was sent. */
  pending: number[]
  unsent: number[]
}

/** Tells whether the items that reached no subscriber lie in recorded gaps of their stream. */
export class GapCover {
  readonly #gaps: readonly StoredGap[]
  readonly #streams = new Map<string, Stream>()

  constructor(gaps: readonly StoredGap[]) {
    this.#gaps = gaps
  }

  /** Takes the items of a stream in the order in which they were produced. */
  note(channel: Channel, item: Item): void {
    const key = `${channel} ${item.symbol}`
    const stream = this.#streams.get(key)
    if (item.sentTo.length === 0) {
      // What precedes the first sent item was before the capture, what follows the last after it.
      stream?.pending.push(item.exchangeTs)
    } else if (stream === undefined) {
      this.#streams.set(key, { channel, symbol: item.symbol, pending: [], unsent: [] })
    } else if (stream.pending.length > 0) {
      stream.unsent.push(...stream.pending)
      stream.pending = []
    }
  }

  result(): { unsent: number; unsentOutsideGaps: number } {
    let unsent = 0
    let unsentOutsideGaps = 0
    for (const stream of this.#streams.values()) {
      unsent += stream.unsent.length
      unsentOutsideGaps += stream.unsent.filter((ts) => !this.#covered(stream, ts)).length
    }
    return { unsent, unsentOutsideGaps }
  }

  #covered({ channel, symbol }: Stream, exchangeTs: number): boolean {
    return this.#gaps.some(
      (gap) =>
        gap.channel === channel &&
        gap.symbol === symbol &&
        gap.startTs <= exchangeTs &&
        exchangeTs <= gap.endTs,
    )
  }
}

import type { PublicChannel } from '@grid/core-events'
import type { StoredGap } from '@grid/db'
import type { ChannelComparison, Produced } from './channels/channel-comparison.ts'

/** The items of one stream that were sent to nobody, after its first sent item. */
interface Stream {
  readonly name: string
  readonly category: string
  readonly channel: PublicChannel
  /** As its gaps name it. */
  readonly symbol: string
  isSent: boolean
  readonly unsent: { readonly id: string; readonly ts: number }[]
}

/** The items that were produced and reached no subscriber. */
export interface Unsent {
  /** Items between a stream's first sent item and the last sent item of any stream. */
  readonly unsent: number
  /** Those that a repair stored later. */
  readonly repaired: number
  /** Those that are not stored, and that the rest of no recorded gap covers. */
  readonly unsentOutsideGaps: number
  /** By stream, the times of those, as sentences. */
  readonly uncovered: readonly string[]
  /** Streams of which nothing at all was sent. */
  readonly neverSent: readonly string[]
}

/** Checks whether the items that reached no subscriber are repaired, or lie in gaps of their stream. */
export class GapCover {
  readonly #gaps: readonly StoredGap[]
  readonly #streams = new Map<string, Stream>()
  #lastSentTs = 0

  constructor(gaps: readonly StoredGap[]) {
    this.#gaps = gaps
  }

  /** Takes the items of each stream in the order of production. */
  note(item: Produced, comparison: ChannelComparison): void {
    const { category, exchangeTs, sentTo } = item
    const name = `${comparison.name} ${category} ${item.symbol}`
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      const symbol = comparison.streamSymbol?.(item) ?? item.symbol
      const { channel } = comparison
      stream = { name, category, channel, symbol, isSent: false, unsent: [] }
      this.#streams.set(name, stream)
    }
    if (sentTo.length > 0) {
      stream.isSent = true
      this.#lastSentTs = Math.max(this.#lastSentTs, exchangeTs)
    } else if (stream.isSent) {
      // Items before the first sent one precede the capture of the stream.
      stream.unsent.push({ id: comparison.idOf(item), ts: exchangeTs })
    }
  }

  /** @param repaired whether the item of a stream was stored by a repair, by the stream's name and its id */
  result(isRepaired: (stream: string, id: string) => boolean): Unsent {
    let unsent = 0
    let repaired = 0
    let unsentOutsideGaps = 0
    const uncovered: string[] = []
    for (const stream of this.#streams.values()) {
      // Items after the last sent one of all streams follow the capture.
      const during = stream.unsent.filter(({ ts }) => ts <= this.#lastSentTs)
      const left = during.filter(({ id }) => !isRepaired(stream.name, id))
      unsent += during.length
      repaired += during.length - left.length
      const outside = left.filter(({ ts }) => !this.#covered(stream, ts)).map(({ ts }) => ts)
      unsentOutsideGaps += outside.length
      const [first = 0, last = first] = [outside[0], outside.at(-1)]
      if (outside.length > 0) {
        uncovered.push(
          `${stream.name}: ${outside.length} outside of gaps, from ${first} to ${last}`,
        )
      }
    }
    const neverSent = [...this.#streams.values()].filter(({ isSent }) => !isSent)
    return {
      unsent,
      repaired,
      unsentOutsideGaps,
      uncovered,
      neverSent: neverSent.map(({ name }) => name),
    }
  }

  #covered({ category, channel, symbol }: Stream, exchangeTs: number): boolean {
    return this.#gaps.some(
      (gap) =>
        gap.channel === channel &&
        gap.category === category &&
        gap.symbol === symbol &&
        gap.rest.some(({ startTs, endTs }) => startTs <= exchangeTs && exchangeTs <= endTs),
    )
  }
}

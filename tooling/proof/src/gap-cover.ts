import type { PublicChannel } from '@grid/core-events'
import type { StoredGap } from '@grid/db'

interface Item {
  readonly category: string
  readonly symbol: string
  readonly exchangeTs: number
  readonly sentTo: readonly number[]
}

/** What one stream was sent, and what it was not sent since it was first sent anything. */
interface Stream {
  readonly name: string
  readonly channel: PublicChannel
  readonly item: Pick<Item, 'category' | 'symbol'>
  isSent: boolean
  /** Exchange times of items sent to nobody. */
  readonly unsent: number[]
}

/** What was produced and reached no subscriber. */
export interface Unsent {
  /** Items from a stream's first sent item to the last sent item of any stream. */
  readonly unsent: number
  /** Those that no recorded gap covers. */
  readonly unsentOutsideGaps: number
  /** Streams of which nothing at all was sent. */
  readonly neverSent: readonly string[]
}

/** Tells whether the items that reached no subscriber lie in recorded gaps of their stream. */
export class GapCover {
  readonly #gaps: readonly StoredGap[]
  readonly #streams = new Map<string, Stream>()
  #lastSentTs = 0

  constructor(gaps: readonly StoredGap[]) {
    this.#gaps = gaps
  }

  /** Takes the items of a stream in the order in which they were produced. */
  note(channel: PublicChannel, item: Item, kind: string = channel): void {
    const name = `${kind} ${item.category} ${item.symbol}`
    const stream = this.#streams.get(name) ?? { name, channel, item, isSent: false, unsent: [] }
    this.#streams.set(name, stream)
    if (item.sentTo.length > 0) {
      stream.isSent = true
      this.#lastSentTs = Math.max(this.#lastSentTs, item.exchangeTs)
    } else if (stream.isSent) {
      // What precedes the first sent item was before the capture of its stream.
      stream.unsent.push(item.exchangeTs)
    }
  }

  result(): Unsent {
    let unsent = 0
    let unsentOutsideGaps = 0
    for (const stream of this.#streams.values()) {
      // What follows the last sent item of all streams was after the capture.
      const during = stream.unsent.filter((ts) => ts <= this.#lastSentTs)
      unsent += during.length
      unsentOutsideGaps += during.filter((ts) => !this.#covered(stream, ts)).length
    }
    const neverSent = [...this.#streams.values()].filter(({ isSent }) => !isSent)
    return { unsent, unsentOutsideGaps, neverSent: neverSent.map(({ name }) => name) }
  }

  #covered({ channel, item }: Stream, exchangeTs: number): boolean {
    return this.#gaps.some(
      (gap) =>
        gap.channel === channel &&
        gap.category === item.category &&
        gap.symbol === streamSymbol(channel, item) &&
        gap.startTs <= exchangeTs &&
        exchangeTs <= gap.endTs,
    )
  }
}

/** Option trades come by base coin, so that is what their gaps name. */
function streamSymbol(channel: PublicChannel, { category, symbol }: Stream['item']): string {
  const isByBaseCoin = category === 'option' && channel === 'publicTrade'
  return isByBaseCoin ? (symbol.split('-')[0] ?? symbol) : symbol
}

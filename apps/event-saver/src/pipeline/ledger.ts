import { CHANNELS, type Channel } from '@grid/core-events'

/** A channel, or `unknown` for frames that name none. */
export type LedgerChannel = Channel | 'unknown'

/**
 * Why an item could not be kept. Each dropped item is covered by a gap, but those of a start that was refused,
 * and rows of replies, whose gaps are still open.
 *
 * | reason | meaning |
 * |---|---|
 * | `queue_full` | no room in memory, and no durable journal that would hold it |
 * | `journal_full` | the journal did not take its frame, and its channel was behind |
 * | `journal_lost` | the journal held its frame, and cannot give it back |
 * | `shutdown` | it was in memory alone when the process stopped |
 * | `dead_letter_rejected` | the database refuses even its dead letter |
 * | `start_refused` | no capture had begun |
 */
export type DropReason =
  | 'queue_full'
  | 'journal_full'
  | 'journal_lost'
  | 'shutdown'
  | 'dead_letter_rejected'
  | 'start_refused'

/** What became of a channel's items so far. Each count is raised where its event happens. */
export interface ChannelCounts {
  received: number
  persisted: number
  merged: number
  duplicate: number
  conflict: number
  filtered: number
  discarded: number
  dropped: number
  deadLettered: number
  readonly filteredBy: Record<string, number>
  readonly discardedBy: Record<string, number>
  readonly droppedBy: Record<string, number>
}

/** A channel's counts with the items that wait, and whether they add up. */
export interface LedgerEntry extends Readonly<ChannelCounts> {
  readonly channel: LedgerChannel
  readonly waiting: number
  /** `received` less all other counts and `waiting`; anything but 0 is a defect. */
  readonly imbalance: number
}

function emptyCounts(): ChannelCounts {
  return {
    received: 0,
    persisted: 0,
    merged: 0,
    duplicate: 0,
    conflict: 0,
    filtered: 0,
    discarded: 0,
    dropped: 0,
    deadLettered: 0,
    filteredBy: {},
    discardedBy: {},
    droppedBy: {},
  }
}

/**
 * Counts what becomes of every item, so that for each channel received = persisted + merged +
 * duplicate + conflict + filtered + discarded + dropped + dead-lettered + waiting.
 *
 * @example
 * ledger.of(event.channel).received += 1
 * ledger.sample((channel) => writers.waiting(channel))
 */
export class Ledger {
  readonly #counts: Readonly<Record<LedgerChannel, ChannelCounts>>

  constructor() {
    const counts: Partial<Record<LedgerChannel, ChannelCounts>> = { unknown: emptyCounts() }
    for (const channel of CHANNELS) counts[channel] = emptyCounts()
    this.#counts = counts as Record<LedgerChannel, ChannelCounts>
  }

  /** The counts of one channel, which the caller raises. */
  of(channel: LedgerChannel): ChannelCounts {
    return this.#counts[channel]
  }

  /** Counts an item of a kind that is not captured. */
  filter(channel: LedgerChannel, reason: string): void {
    const counts = this.of(channel)
    counts.filtered += 1
    counts.filteredBy[reason] = (counts.filteredBy[reason] ?? 0) + 1
  }

  /** Counts items that were understood and are not wanted. */
  discard(channel: LedgerChannel, reason: string, items = 1): void {
    const counts = this.of(channel)
    counts.discarded += items
    counts.discardedBy[reason] = (counts.discardedBy[reason] ?? 0) + items
  }

  /** Counts items that could not be kept. */
  drop(channel: LedgerChannel, reason: DropReason, items = 1): void {
    const counts = this.of(channel)
    counts.dropped += items
    counts.droppedBy[reason] = (counts.droppedBy[reason] ?? 0) + items
  }

  /** Reads all channels in one synchronous step; `waiting` gives how many of a channel's items wait. */
  sample(waiting: (channel: LedgerChannel) => number): LedgerEntry[] {
    return (Object.keys(this.#counts) as LedgerChannel[]).map((channel) => {
      const counts = this.of(channel)
      const inHand = waiting(channel)
      const settled =
        counts.persisted +
        counts.merged +
        counts.duplicate +
        counts.conflict +
        counts.filtered +
        counts.discarded +
        counts.dropped +
        counts.deadLettered
      return {
        ...counts,
        filteredBy: { ...counts.filteredBy },
        discardedBy: { ...counts.discardedBy },
        droppedBy: { ...counts.droppedBy },
        channel,
        waiting: inHand,
        imbalance: counts.received - settled - inHand,
      }
    })
  }
}

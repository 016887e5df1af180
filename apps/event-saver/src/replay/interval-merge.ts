import type { Channel, GridEvent } from '@grid/core-events'
import { StateMerger } from '../pipeline/merging/state-merger.ts'
import { type MergeStates, STATE_MERGES } from '../pipeline/merging/state-merges.ts'
import type { Intervals } from '../pipeline/pipeline-options.ts'

/** Takes an event with the place of its first message in the journal. */
export type TakeEvent = (event: GridEvent, position: number) => void

/** Merges the messages of an interval as a saver does, by the exchange's times alone. */
export class IntervalMerge {
  readonly #mergers = new Map<Channel, StateMerger>()
  readonly #intervals: Intervals
  readonly #take: TakeEvent

  constructor(intervals: Intervals, take: TakeEvent) {
    this.#intervals = intervals
    this.#take = take
  }

  add(event: GridEvent, position: number): void {
    const { channel, localTsUs } = event
    const { [channel]: intervalMs }: Intervals = this.#intervals
    const { [channel]: merge }: Partial<Record<Channel, MergeStates>> = STATE_MERGES
    if (!intervalMs || merge === undefined) {
      this.#take(event, position)
      return
    }
    const merger = this.#mergers.get(channel) ?? this.#open(channel, intervalMs, merge)
    // No interval ends because time passes while frames are read.
    merger.add(event, { timeUs: localTsUs, position, bytes: 0 }, 0)
  }

  /** Gives what is held back. */
  end(): void {
    for (const merger of this.#mergers.values()) merger.giveAll()
  }

  #open(channel: Channel, intervalMs: number, merge: MergeStates): StateMerger {
    const merger = new StateMerger({
      intervalMs,
      merge,
      give: (event, { position }) => this.#take(event, position),
    })
    this.#mergers.set(channel, merger)
    return merger
  }
}

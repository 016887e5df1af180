import type { Channel, Clock, GridEvent } from '@grid/core-events'
import type { EventQueue } from '../pipeline/event-writer.ts'
import { MergingQueue } from '../pipeline/merging-queue.ts'
import type { Intervals } from '../pipeline/pipeline.ts'
import { type MergeStates, STATE_MERGES } from '../pipeline/state-merges.ts'

/** Takes an event with the place of its first message in the journal. */
export type TakeEvent = (event: GridEvent, position: number) => void

/** Merges the messages of an interval as a saver does, by the exchange's times alone. */
export class IntervalMerge {
  readonly #queues = new Map<Channel, EventQueue>()
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
    const queue = this.#queues.get(channel) ?? this.#open(channel, intervalMs, merge)
    queue.add(event, { timeUs: localTsUs, position, bytes: 0 })
  }

  /** Gives what is held back. */
  end(): void {
    for (const queue of this.#queues.values()) queue.close()
  }

  #open(channel: Channel, intervalMs: number, merge: MergeStates): EventQueue {
    const queue = new MergingQueue(new Taker(this.#take), {
      intervalMs,
      merge,
      clock: STANDING,
      onMerged: () => {},
    })
    this.#queues.set(channel, queue)
    return queue
  }
}

/** No interval ends because time passes while frames are read. */
const STANDING: Clock = { nowUs: () => 0, setTimer: () => ({ cancel: () => {} }) }

/** A queue that hands every event on at once. */
class Taker implements EventQueue {
  readonly waiting = 0
  readonly oldest: null = null
  readonly next: null = null
  readonly hasRoom = true
  readonly isOpen = true
  readonly isStoring = false
  readonly isFailing = false
  readonly #take: TakeEvent

  constructor(take: TakeEvent) {
    this.#take = take
  }

  open(): void {}

  add(event: GridEvent, { position }: { readonly position: number }): void {
    this.#take(event, position)
  }

  settled(): Promise<boolean> {
    return Promise.resolve(true)
  }

  changed(): Promise<void> {
    return Promise.resolve()
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  letGo(): number {
    return 0
  }

  close(): [] {
    return []
  }
}

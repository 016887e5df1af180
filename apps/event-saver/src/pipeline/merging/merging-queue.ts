import type { Clock, ClockTimer, GridEvent } from '@grid/core-events'
import type { LeftItems } from '../writers/buffered-writer.ts'
import type { EventQueue } from '../writers/event-writer.ts'
import type { Arrival } from '../writers/waiting-room.ts'
import { type MergerOptions, StateMerger } from './state-merger.ts'

/** How the messages of an interval are merged. */
export interface MergingOptions extends Omit<MergerOptions, 'give'> {
  readonly clock: Clock
}

/** Puts a {@link StateMerger} before a writer. */
export class MergingQueue implements EventQueue {
  readonly #writer: EventQueue
  readonly #merger: StateMerger
  readonly #options: MergingOptions
  #timer: ClockTimer | null = null

  constructor(writer: EventQueue, options: MergingOptions) {
    this.#writer = writer
    this.#options = options
    this.#merger = new StateMerger({
      ...options,
      give: (event, arrival) => writer.add(event, arrival),
    })
  }

  get waiting(): number {
    return this.#merger.size + this.#writer.waiting
  }

  get oldest(): Arrival | null {
    return this.#first(this.#writer.oldest)
  }

  get next(): Arrival | null {
    return this.#first(this.#writer.next)
  }

  get hasRoom(): boolean {
    return this.#writer.hasRoom
  }

  get isOpen(): boolean {
    return this.#writer.isOpen
  }

  get isStoring(): boolean {
    return this.#writer.isStoring
  }

  get isFailing(): boolean {
    return this.#writer.isFailing
  }

  open(): void {
    this.#writer.open()
  }

  add(event: GridEvent, arrival: Arrival): void {
    this.#merger.add(event, arrival, this.#nowMs())
    if (this.#merger.size > 0) this.#schedule()
  }

  settled(): Promise<boolean> {
    this.#merger.giveAll()
    return this.#writer.settled()
  }

  changed(): Promise<void> {
    return this.#writer.changed()
  }

  flush(signal: AbortSignal): Promise<void> {
    this.#merger.giveAll()
    return this.#writer.flush(signal)
  }

  letGo(position: number): number {
    this.#merger.giveAll()
    this.#merger.forgetGiven()
    return this.#writer.letGo(position)
  }

  close(): LeftItems<GridEvent> {
    this.#timer?.cancel()
    this.#merger.giveAll()
    return this.#writer.close()
  }

  #first(ofWriter: Arrival | null): Arrival | null {
    let first = ofWriter
    for (const arrival of this.#merger.arrivals()) {
      if (first === null || arrival.position < first.position) first = arrival
    }
    return first
  }

  #nowMs(): number {
    return this.#options.clock.nowUs() / 1000
  }

  #schedule(): void {
    this.#timer ??= this.#options.clock.setTimer(
      () => {
        this.#timer = null
        this.#merger.giveDue(this.#nowMs())
        if (this.#merger.size > 0) this.#schedule()
      },
      Math.max(50, this.#options.intervalMs / 4),
    )
  }
}

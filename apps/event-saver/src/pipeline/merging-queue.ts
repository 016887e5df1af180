import { believableTs, type Clock, type ClockTimer, type GridEvent } from '@grid/core-events'
import type { LeftItems } from './buffered-writer.ts'
import type { EventQueue } from './event-writer.ts'
import type { MergeStates, StateEvent } from './state-merges.ts'
import type { Arrival } from './waiting-room.ts'

/** How the messages of an interval are merged. */
export interface MergingOptions {
  readonly intervalMs: number
  readonly merge: MergeStates
  readonly clock: Clock
  /** Counts an event that was merged into another one. */
  readonly onMerged: () => void
}

/** The state that a stream's messages of an interval make so far. */
interface Held {
  readonly event: GridEvent
  /** That of the first message, and the bytes of the last. */
  readonly arrival: Arrival
  /** Number of the interval, by exchange time. */
  readonly interval: number
  /** When it is given to the writer though nothing newer came, in epoch milliseconds. */
  readonly untilMs: number
}

/** A message may come this much later than the first of its interval allows. */
const PATIENCE_MS = 1000
/** Most streams whose newest event is remembered: several times the instruments of a market. */
const MOST_STREAMS = 10_000

/**
 * Gives a writer at most one event a stream and interval: the last, with what the messages before it
 * carried.
 *
 * An event is held until one of a later interval comes, or until its interval and a second have passed. A
 * newer message that comes after that makes an event of its own: it is not dropped. One that is older
 * than what the writer has was merged into what came after it.
 */
export class MergingQueue implements EventQueue {
  readonly #writer: EventQueue
  readonly #options: MergingOptions
  readonly #held = new Map<string, Held>()
  /** The order of the newest event of each stream that the writer was given. */
  readonly #given = new Map<string, Pick<StateEvent, 'exchangeTs' | 'seq'>>()
  #timer: ClockTimer | null = null

  constructor(writer: EventQueue, options: MergingOptions) {
    this.#writer = writer
    this.#options = options
  }

  get waiting(): number {
    return this.#held.size + this.#writer.waiting
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
    const state = stateOf(event)
    // What comes after one absurd time would count as merged into it, and none of it be stored.
    const mayMerge = state !== null && state.exchangeTs === believableTs(state)
    if (!mayMerge) {
      this.#writer.add(event, arrival)
      return
    }
    const key = keyOf(state)
    const given = this.#given.get(key)
    const held = this.#held.get(key)
    if (given !== undefined && isNewer(given, state)) {
      this.#options.onMerged()
      return
    }
    const interval = Math.floor(state.exchangeTs / this.#options.intervalMs)
    if (held !== undefined && interval > held.interval) this.#give(key, held)
    else if (held !== undefined) {
      this.#held.set(key, {
        ...held,
        event: this.#options.merge(held.event, event),
        arrival: { ...held.arrival, bytes: arrival.bytes },
      })
      this.#options.onMerged()
      return
    }
    const untilMs = this.#nowMs() + this.#options.intervalMs + PATIENCE_MS
    this.#held.set(key, { event, arrival, interval, untilMs })
    this.#schedule()
  }

  settled(): Promise<boolean> {
    this.#giveAll()
    return this.#writer.settled()
  }

  changed(): Promise<void> {
    return this.#writer.changed()
  }

  flush(signal: AbortSignal): Promise<void> {
    this.#giveAll()
    return this.#writer.flush(signal)
  }

  letGo(position: number): number {
    this.#giveAll()
    // Else what is read again would count as merged into what was let go.
    this.#given.clear()
    return this.#writer.letGo(position)
  }

  close(): LeftItems<GridEvent> {
    this.#timer?.cancel()
    this.#giveAll()
    return this.#writer.close()
  }

  #first(ofWriter: Arrival | null): Arrival | null {
    let first = ofWriter
    for (const { arrival } of this.#held.values()) {
      if (first === null || arrival.position < first.position) first = arrival
    }
    return first
  }

  #giveAll(): void {
    for (const [key, held] of [...this.#held]) this.#give(key, held)
  }

  #give(key: string, { event, arrival }: Held): void {
    this.#held.delete(key)
    const state = stateOf(event)
    if (state !== null) this.#remember(key, state)
    this.#writer.add(event, arrival)
  }

  #remember(key: string, { exchangeTs, seq }: StateEvent): void {
    // Set anew, so that streams that have ended are forgotten first.
    this.#given.delete(key)
    this.#given.set(key, { exchangeTs, seq })
    for (const first of this.#given.keys()) {
      if (this.#given.size <= MOST_STREAMS) break
      this.#given.delete(first)
    }
  }

  #nowMs(): number {
    return this.#options.clock.nowUs() / 1000
  }

  #schedule(): void {
    this.#timer ??= this.#options.clock.setTimer(
      () => {
        this.#timer = null
        const now = this.#nowMs()
        for (const [key, held] of [...this.#held]) if (held.untilMs <= now) this.#give(key, held)
        if (this.#held.size > 0) this.#schedule()
      },
      Math.max(50, this.#options.intervalMs / 4),
    )
  }
}

function stateOf(event: GridEvent): StateEvent | null {
  return 'seq' in event && 'symbol' in event ? (event as StateEvent) : null
}

function keyOf({ category, symbol }: StateEvent): string {
  return `${category} ${symbol}`
}

/** Whether one event comes after another in their stream. */
function isNewer(
  one: Pick<StateEvent, 'exchangeTs' | 'seq'>,
  other: Pick<StateEvent, 'exchangeTs' | 'seq'>,
): boolean {
  return (
    one.exchangeTs > other.exchangeTs ||
    (one.exchangeTs === other.exchangeTs && one.seq > other.seq)
  )
}

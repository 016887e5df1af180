import { believableTs, type Clock, type ClockTimer, type GridEvent } from '@grid/core-events'
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
  /** Takes an event for which the writer has no room. */
  readonly onRefused: (event: GridEvent) => void
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
  #isDone = false

  constructor(writer: EventQueue, options: MergingOptions) {
    this.#writer = writer
    this.#options = options
  }

  get waiting(): number {
    return this.#held.size + this.#writer.waiting
  }

  get oldest(): Arrival | null {
    const arrivals = [...this.#held.values()].map(({ arrival }) => arrival)
    const all = [this.#writer.oldest, ...arrivals].filter((arrival) => arrival !== null)
    return all.reduce<Arrival | null>(
      (first, each) => (first === null || each.position < first.position ? each : first),
      null,
    )
  }

  open(): void {
    this.#writer.open()
  }

  add(event: GridEvent, arrival: Arrival): boolean {
    const state = stateOf(event)
    // What comes after one absurd time would count as merged into it, and none of it be stored.
    const mayMerge = state !== null && state.exchangeTs === believableTs(state)
    if (!mayMerge || this.#isDone) return this.#writer.add(event, arrival)
    const key = keyOf(state)
    const given = this.#given.get(key)
    const held = this.#held.get(key)
    if (given !== undefined && isNewer(given, state)) {
      this.#options.onMerged()
      return true
    }
    const interval = Math.floor(state.exchangeTs / this.#options.intervalMs)
    if (held !== undefined && interval > held.interval) this.#give(key, held)
    else if (held !== undefined) {
      const { timeUs, position } = held.arrival
      this.#held.set(key, {
        ...held,
        event: this.#options.merge(held.event, event),
        arrival: { timeUs, position, bytes: arrival.bytes },
      })
      this.#options.onMerged()
      return true
    }
    const untilMs = this.#nowMs() + this.#options.intervalMs + PATIENCE_MS
    this.#held.set(key, { event, arrival, interval, untilMs })
    this.#schedule()
    return true
  }

  /** Gives the writer what is held, e.g. of streams that have ended. */
  flush(): void {
    for (const [key, held] of [...this.#held]) this.#give(key, held)
  }

  settled(): Promise<boolean> {
    this.flush()
    return this.#writer.settled()
  }

  drain(signal: AbortSignal): Promise<GridEvent[]> {
    this.#isDone = true
    this.#timer?.cancel()
    this.flush()
    return this.#writer.drain(signal)
  }

  #give(key: string, { event, arrival }: Held): void {
    this.#held.delete(key)
    const state = stateOf(event)
    if (state !== null) this.#remember(key, state)
    if (!this.#writer.add(event, arrival)) this.#options.onRefused(event)
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

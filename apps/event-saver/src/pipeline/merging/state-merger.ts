import { believableTs, type GridEvent } from '@grid/core-events'
import type { Arrival } from '../writers/waiting-room.ts'
import type { MergeStates, StateEvent } from './state-merges.ts'

/** How the messages of an interval are merged. */
export interface MergerOptions {
  readonly intervalMs: number
  readonly merge: MergeStates
  /** Takes an event that nothing can be merged into any more. */
  readonly give: (event: GridEvent, arrival: Arrival) => void
  /** Counts an event that was merged into another one. */
  readonly onMerged?: () => void
}

/** The state that a stream's messages of an interval make so far. */
interface Held {
  readonly event: GridEvent
  /** That of the first message, and the bytes of the last. */
  readonly arrival: Arrival
  /** Number of the interval, by exchange time. */
  readonly interval: number
  /** When the first of them came, in epoch milliseconds. */
  readonly sinceMs: number
}

/** A message may come this much later than the first of its interval allows. */
const PATIENCE_MS = 1000
/** Most streams whose newest event is remembered: several times the instruments of a market. */
const MOST_STREAMS = 10_000

/**
 * Gives at most one event a stream and interval: the last, with what the messages before it carried.
 *
 * An event is held until one of a later interval comes, or until its owner says that time has passed. A
 * newer message that comes after that makes an event of its own: it is not dropped. One that is older
 * than what was given was merged into what came after it.
 */
export class StateMerger {
  readonly #options: MergerOptions
  readonly #held = new Map<string, Held>()
  /** The order of the newest event of each stream that was given. */
  readonly #given = new Map<string, Pick<StateEvent, 'exchangeTs' | 'seq'>>()

  constructor(options: MergerOptions) {
    this.#options = options
  }

  /** How many events are held. */
  get size(): number {
    return this.#held.size
  }

  /** The arrivals of the events that are held. */
  *arrivals(): Generator<Arrival> {
    for (const { arrival } of this.#held.values()) yield arrival
  }

  /** Takes an event that came at a time, in epoch milliseconds. */
  add(event: GridEvent, arrival: Arrival, nowMs: number): void {
    const { give, intervalMs, merge, onMerged } = this.#options
    const state = stateOf(event)
    // What comes after one absurd time would count as merged into it, and none of it be stored.
    const mayMerge = state !== null && state.exchangeTs === believableTs(state)
    if (!mayMerge) {
      give(event, arrival)
      return
    }
    const key = keyOf(state)
    const given = this.#given.get(key)
    const held = this.#held.get(key)
    if (given !== undefined && isNewer(given, state)) {
      onMerged?.()
      return
    }
    const interval = Math.floor(state.exchangeTs / intervalMs)
    if (held !== undefined && interval > held.interval) this.#give(key, held)
    else if (held !== undefined) {
      this.#held.set(key, {
        ...held,
        event: merge(held.event, event),
        arrival: { ...held.arrival, bytes: arrival.bytes },
      })
      onMerged?.()
      return
    }
    this.#held.set(key, { event, arrival, interval, sinceMs: nowMs })
  }

  /** Gives what was held for its interval and a second, though nothing newer came. */
  giveDue(nowMs: number): void {
    const { intervalMs } = this.#options
    for (const [key, held] of [...this.#held]) {
      if (held.sinceMs + intervalMs + PATIENCE_MS <= nowMs) this.#give(key, held)
    }
  }

  giveAll(): void {
    for (const [key, held] of [...this.#held]) this.#give(key, held)
  }

  /** Forgets what was given: else what is read again would count as merged into it. */
  forgetGiven(): void {
    this.#given.clear()
  }

  #give(key: string, { event, arrival }: Held): void {
    this.#held.delete(key)
    const state = stateOf(event)
    if (state !== null) this.#remember(key, state)
    this.#options.give(event, arrival)
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

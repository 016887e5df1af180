import { type Clock, type ClockTimer, nowMs } from '@grid/core-events'
import Bottleneck from 'bottleneck'

/** How urgent a request is: 0 goes first, 9 last. */
export type RequestPriority = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** One request's place in a window. */
export interface Place {
  /** Gives the place back at once, because nothing was sent. */
  unused(): void
  /** The most of our requests that the exchange can have counted by now, this one included. */
  countedByNow(): number
}

/**
 * Lets at most `limit` requests into any window of the exchange's clock, urgent ones first.
 *
 * The exchange counts a request at some instant between its sending and its answer. The place is
 * therefore free again one window after the answer: then no window of the exchange's holds more
 * requests than the limit, however long each took.
 *
 * Bottleneck queues and counts; the time is kept here, because Bottleneck takes no clock.
 */
export class RequestWindow {
  readonly #windowMs: number
  readonly #clock: Clock
  readonly #queue: Bottleneck
  #limit: number
  /** When the places of answered requests are free again, soonest first. */
  #freeAt: number[] = []
  #sent = 0
  #waiting = 0
  #underWay = 0
  #timer: ClockTimer | null = null

  constructor(limit: number, windowMs: number, clock: Clock) {
    this.#limit = limit
    // One more, because an answer's time is rounded down to a millisecond.
    this.#windowMs = windowMs + 1
    this.#clock = clock
    this.#queue = new Bottleneck({ reservoir: limit })
  }

  get limit(): number {
    return this.#limit
  }

  /** Changes the limit; requests under way count against the new one. */
  resize(limit: number): void {
    if (limit === this.#limit) return
    void this.#queue.incrementReservoir(limit - this.#limit)
    this.#limit = limit
  }

  /** Runs a task once it has a place. */
  run<Result>(priority: RequestPriority, task: (place: Place) => Promise<Result>): Promise<Result> {
    this.#waiting++
    this.#release()
    return this.#queue.schedule({ priority }, () => this.#occupy(task))
  }

  async #occupy<Result>(task: (place: Place) => Promise<Result>): Promise<Result> {
    this.#waiting--
    this.#underWay++
    this.#sent++
    this.#release()
    const sentBefore = this.#sent
    const occupied = this.#underWay + this.#freeAt.length
    let heldMs = this.#windowMs
    try {
      return await task({
        unused: () => {
          heldMs = 0
        },
        countedByNow: () => occupied + this.#sent - sentBefore,
      })
    } finally {
      this.#underWay--
      this.#freeAt.push(nowMs(this.#clock) + heldMs)
      this.#release()
    }
  }

  /** Frees the places that are due, and sets a timer for the next one. */
  #release(): void {
    const now = nowMs(this.#clock)
    const before = this.#freeAt.length
    this.#freeAt = this.#freeAt
      // A clock that was set back must not hold places for hours.
      .map((at) => Math.min(at, now + this.#windowMs))
      .filter((at) => at > now)
    const freed = before - this.#freeAt.length
    if (freed > 0) void this.#queue.incrementReservoir(freed)
    this.#timer?.cancel()
    // A timer that nobody waits for would keep the process alive.
    this.#timer =
      this.#waiting === 0 || this.#freeAt.length === 0
        ? null
        : this.#clock.setTimer(() => this.#release(), Math.min(...this.#freeAt) - now)
  }
}

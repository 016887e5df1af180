import { type Clock, type ClockTimer, nowMs } from '@grid/core-events'
import Bottleneck from 'bottleneck'

/** How urgent a request is: 0 goes first, 9 last. */
export type RequestPriority = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** A place in a window, held by one request. */
export interface Place {
  /** Gives the place back at once: nothing was sent. */
  unused(): void
  /** The most requests of ours that the exchange can have counted by now, this one included. */
  countedByNow(): number
}

/**
 * Lets at most `limit` requests into any window of the exchange's clock, the urgent ones first.
 *
 * A request reaches the exchange at some instant between being sent and being answered. Its place
 * is therefore free again one window after the answer, so that however long each was under way, no
 * window in which the exchange counts holds more than the limit.
 *
 * Bottleneck queues and counts; the time is kept here, because it knows no clock but its own.
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

  /** Frees the places whose time has come, and looks again when the next one's has. */
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
    // No timer when no one waits for it: it would keep the process alive.
    this.#timer =
      this.#waiting === 0 || this.#freeAt.length === 0
        ? null
        : this.#clock.setTimer(() => this.#release(), Math.min(...this.#freeAt) - now)
  }
}

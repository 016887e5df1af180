import type { Clock, ClockTimer } from '@grid/core-events'

/** Steps run in one go before other work of the process gets its turn. */
const MAX_STEPS_AT_ONCE = 50
/** A process that was stopped for longer (a suspended machine) does not make up for it. */
const MAX_BACKLOG_US = 60_000_000

/**
 * Runs steps at a steady rate on a clock, drift-corrected: late steps are made up for.
 *
 * @example
 * const pacer = new Pacer(systemClock, 10, (step) => produce(step))
 * pacer.start()
 */
export class Pacer {
  readonly #clock: Clock
  readonly #stepUs: number
  readonly #onStep: (step: number) => void
  #done = 0
  #originUs = 0
  #timer: ClockTimer | null = null

  constructor(clock: Clock, stepMs: number, onStep: (step: number) => void) {
    this.#clock = clock
    this.#stepUs = stepMs * 1000
    this.#onStep = onStep
  }

  /** How many steps have run. */
  get steps(): number {
    return this.#done
  }

  /** Goes on from the last step; time that passed while stopped is not made up for. */
  start(): void {
    if (this.#timer !== null) return
    this.#rebase()
    this.#schedule()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #rebase(): void {
    this.#originUs = this.#clock.nowUs() - this.#done * this.#stepUs
  }

  #schedule(): void {
    const dueUs = this.#originUs + (this.#done + 1) * this.#stepUs
    const delayMs = Math.max(0, (dueUs - this.#clock.nowUs()) / 1000)
    this.#timer = this.#clock.setTimer(() => this.#wake(), delayMs)
  }

  #wake(): void {
    const lateUs = this.#clock.nowUs() - this.#originUs - this.#done * this.#stepUs
    // A clock that was set back would otherwise stop the market for as long.
    if (lateUs < -2 * this.#stepUs || lateUs > MAX_BACKLOG_US) this.#rebase()
    const due = Math.floor((this.#clock.nowUs() - this.#originUs) / this.#stepUs)
    const until = Math.min(due, this.#done + MAX_STEPS_AT_ONCE)
    while (this.#done < until && this.#timer !== null) this.#onStep(this.#done++)
    if (this.#timer !== null) this.#schedule()
  }
}

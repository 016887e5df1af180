import type { Clock, ClockTimer } from '@grid/core-events'

/** Steps that may run at once before other work of the process gets its turn. */
const MAX_STEPS_AT_ONCE = 50
/** After a longer halt (a suspended machine) the missed steps are skipped. */
const MAX_BACKLOG_US = 60_000_000

/**
 * Runs steps at a steady rate on a clock without drift: after a delay it catches up the missed steps.
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

  /** Continues after the last step; steps that fell into the stopped time are skipped. */
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
    // Without this, a clock that was set back by an hour would stop the market for an hour.
    if (lateUs < -2 * this.#stepUs || lateUs > MAX_BACKLOG_US) this.#rebase()
    const due = Math.floor((this.#clock.nowUs() - this.#originUs) / this.#stepUs)
    const until = Math.min(due, this.#done + MAX_STEPS_AT_ONCE)
    while (this.#done < until && this.#timer !== null) this.#onStep(this.#done++)
    if (this.#timer !== null) this.#schedule()
  }
}

import type { Clock } from '@grid/core-events'
import { classifyDatabaseError } from '@grid/db'

/** How long the database may refuse every attempt before an operator has to act. */
const PATIENCE_US = 10_000_000

/**
 * Tells when the database refuses all attempts to write for a reason that trying again does not mend, such
 * as a missing table or privilege. Not at the first refusal: a failover or a restart of a pooler shows such
 * reasons for moments.
 *
 * @example
 * const refusal = new LastingRefusal(clock, (error) => fail(error))
 * refusal.note(error, failures)
 */
export class LastingRefusal {
  readonly #clock: Clock
  readonly #onLasting: (error: unknown) => void
  #sinceUs: number | null = null
  #isTold = false

  constructor(clock: Clock, onLasting: (error: unknown) => void) {
    this.#clock = clock
    this.#onLasting = onLasting
  }

  /** Takes the outcome of an attempt: an error, or with no failures a success. */
  note(error: unknown, failures: number): void {
    if (failures === 0 || classifyDatabaseError(error) !== 'fatal') {
      this.#sinceUs = null
      return
    }
    const nowUs = this.#clock.nowUs()
    this.#sinceUs ??= nowUs
    if (this.#isTold || nowUs - this.#sinceUs < PATIENCE_US) return
    this.#isTold = true
    this.#onLasting(error)
  }
}

import { type Clock, nowMs } from '@grid/core-events'
import type { SilenceStep } from '../stream/stream-status.ts'

const STEPS: readonly SilenceStep[] = ['resubscribe', 'reconnect', 'another_connection', 'wait']

/** Remembers which cures of one topic's silence have been tried. */
export class SilenceCure {
  readonly #clock: Clock
  readonly #retryMs: number
  #tried = 0
  #waitUntilMs = 0

  /** @param retryMs how long to wait after every cure has failed, before the first is tried again */
  constructor(clock: Clock, retryMs: number) {
    this.#clock = clock
    this.#retryMs = retryMs
  }

  /** The next cure; null while all have failed and the topic is left alone. */
  next(): SilenceStep | null {
    const now = nowMs(this.#clock)
    if (now < this.#waitUntilMs) return null
    const step = STEPS[this.#tried] ?? 'wait'
    this.#tried = (this.#tried + 1) % STEPS.length
    if (step === 'wait') this.#waitUntilMs = now + this.#retryMs
    return step
  }

  /** The topic is back: the next silence begins with the first cure. */
  reset(): void {
    this.#tried = 0
    this.#waitUntilMs = 0
  }
}

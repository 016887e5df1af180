import { setImmediate as turn } from 'node:timers/promises'
import type { Clock, ClockTimer } from '@grid/core-events'

/** A clock that stands still until a test moves it. */
export class SteppedClock implements Clock {
  #nowUs = 1_760_000_000_000_000
  #timers: { readonly atUs: number; readonly callback: () => void }[] = []

  nowUs(): number {
    return this.#nowUs
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    const timer = { atUs: this.#nowUs + delayMs * 1000, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  /** Moves on, running each timer at its time, and lets what waits for it go on. */
  async step(ms: number): Promise<void> {
    const untilUs = this.#nowUs + ms * 1000
    for (;;) {
      await turn()
      const due = this.#timers.filter((t) => t.atUs <= untilUs).sort((a, b) => a.atUs - b.atUs)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((other) => other !== due)
      this.#nowUs = Math.max(this.#nowUs, due.atUs)
      due.callback()
    }
    this.#nowUs = untilUs
  }
}

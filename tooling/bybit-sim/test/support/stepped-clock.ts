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

  /** Moves on, running each timer at its time. */
  advance(ms: number): void {
    const untilUs = this.#nowUs + ms * 1000
    for (;;) {
      const due = this.#timers.filter((t) => t.atUs <= untilUs).sort((a, b) => a.atUs - b.atUs)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((other) => other !== due)
      this.#nowUs = Math.max(this.#nowUs, due.atUs)
      due.callback()
    }
    this.#nowUs = untilUs
  }

  /** Moves on in one leap, as a delayed process sees it. */
  jump(ms: number): void {
    this.#nowUs += ms * 1000
    this.advance(0)
  }
}

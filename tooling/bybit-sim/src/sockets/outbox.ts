import { type Clock, type ClockTimer, nowMs } from '@grid/core-events'

/** Writes frames in order: at once, or later while a fault delays or slows them. */
export class Outbox {
  readonly #clock: Clock
  readonly #write: (bytes: Buffer) => void
  readonly #waiting: { readonly bytes: Buffer; readonly dueMs: number }[] = []
  #delay = { ms: 0, untilMs: 0 }
  #pace = { bytesPerSecond: 0, untilMs: 0 }
  #lastDueMs = 0
  #waitingBytes = 0
  #timer: ClockTimer | null = null

  constructor(clock: Clock, write: (bytes: Buffer) => void) {
    this.#clock = clock
    this.#write = write
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Delays each frame of the next `forMs` by `delayMs`. */
  delay(delayMs: number, forMs: number): void {
    this.#delay = { ms: delayMs, untilMs: nowMs(this.#clock) + forMs }
  }

  /** Limits the bytes a second for the next `forMs`. */
  slow(bytesPerSecond: number, forMs: number): void {
    this.#pace = { bytesPerSecond, untilMs: nowMs(this.#clock) + forMs }
  }

  push(bytes: Buffer): void {
    const now = nowMs(this.#clock)
    const dueMs = this.#dueMs(now, bytes.length)
    if (this.#waiting.length === 0 && dueMs <= now) {
      this.#write(bytes)
      return
    }
    this.#lastDueMs = dueMs
    this.#waiting.push({ bytes, dueMs })
    this.#waitingBytes += bytes.length
    this.#schedule()
  }

  /** Writes everything that waits. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = null
    for (const { bytes } of this.#waiting.splice(0)) this.#write(bytes)
    this.#waitingBytes = 0
  }

  #dueMs(now: number, length: number): number {
    const delayed = now < this.#delay.untilMs ? now + this.#delay.ms : now
    const inOrder = this.#waiting.length > 0 ? Math.max(delayed, this.#lastDueMs) : delayed
    if (now >= this.#pace.untilMs) return inOrder
    return Math.max(inOrder, this.#lastDueMs) + (length * 1000) / this.#pace.bytesPerSecond
  }

  #schedule(): void {
    const next = this.#waiting[0]
    if (next === undefined || this.#timer !== null) return
    const waitMs = Math.max(0, next.dueMs - nowMs(this.#clock))
    this.#timer = this.#clock.setTimer(() => this.#release(), waitMs)
  }

  #release(): void {
    this.#timer = null
    const now = nowMs(this.#clock)
    for (let next = this.#waiting[0]; next !== undefined && next.dueMs <= now; ) {
      this.#waiting.shift()
      this.#waitingBytes -= next.bytes.length
      this.#write(next.bytes)
      next = this.#waiting[0]
    }
    this.#schedule()
  }
}

import { type Clock, durationText, nowMs } from '@grid/core-events'
import type { Logger } from '../log/log.ts'
import type { ReadinessCheck } from './readiness.ts'

/** A start takes a while: only one that takes longer than this is told of. */
const START_MS = 60_000

/** Writes a line for each change of readiness: an error for what is lost, and one when all is well again. */
export class ReadinessLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #startedMs: number
  /** The checks that are told to fail. */
  #failing: ReadonlySet<string> = new Set()
  #sinceMs: number
  #hasBeenReady = false
  #isEnded = false

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
    this.#startedMs = nowMs(clock)
    this.#sinceMs = this.#startedMs
  }

  /** Takes the checks as they are now. */
  take(checks: readonly ReadinessCheck[]): void {
    if (this.#isEnded) return
    const now = nowMs(this.#clock)
    const failing = checks.filter(({ ok }) => !ok)
    if (failing.length === 0) this.#onReady(now)
    else if (this.#hasBeenReady || now - this.#startedMs >= START_MS) this.#onFailing(failing, now)
  }

  /** The saver stops, so that it is not ready by intention. */
  end(): void {
    this.#isEnded = true
  }

  #onReady(now: number): void {
    if (this.#hasBeenReady && this.#failing.size === 0) return
    const text = this.#hasBeenReady ? 'ready again' : 'ready'
    const after = durationText(Math.max(0, now - this.#sinceMs))
    this.#log.info({ code: 'READY', after }, text)
    this.#hasBeenReady = true
    this.#failing = new Set()
  }

  #onFailing(failing: readonly ReadinessCheck[], now: number): void {
    if (this.#hasBeenReady && this.#failing.size === 0) this.#sinceMs = now
    for (const { code: check, detail } of failing) {
      if (this.#failing.has(check)) continue
      this.#log.error({ code: 'NOT_READY', check, detail }, `not ready: ${check}`)
    }
    const still = new Set<string>(failing.map(({ code }) => code))
    for (const check of this.#failing) {
      if (!still.has(check)) this.#log.info({ check }, `well again, but not ready yet: ${check}`)
    }
    this.#failing = still
  }
}

import { type Clock, type ClockTimer, nowMs } from '@grid/core-events'
import { type KeyFaultCode, keyFaultOfCode, keyFaultOfWords } from '../../auth/key-fault.ts'
import type { BybitAdapterError } from '../../errors.ts'
import { printable } from '../../wire/printable.ts'
import type { PrivateStreamTimings } from '../stream/stream-timings.ts'

/** Why the exchange refuses a key, and when it is tried again. */
export interface KeyRefusal {
  readonly code: KeyFaultCode
  readonly reason: string
  /** How many times in a row it was refused. */
  readonly attempt: number
  /** Epoch milliseconds. */
  readonly retryAtMs: number
}

/** Options of a {@link KeyGuard}. */
export interface KeyGuardOptions {
  readonly clock: Clock
  readonly timings: Pick<
    PrivateStreamTimings,
    'keyCheckMs' | 'keyRetryBaseMs' | 'keyRetryCapMs' | 'refusedRetryMs'
  >
  readonly random: () => number
  /** Checks the key over REST; rejects with the error that says what is wrong with it. */
  readonly examine: (signal: AbortSignal) => Promise<unknown>
  /** Allows no login until a delay has passed. */
  readonly putOff: (reason: string, delayMs: number) => void
  readonly onRefused: (refusal: KeyRefusal, retryInMs: number) => void
}

/** What REST says about a key; null if it cannot be asked. */
type Finding = Pick<KeyRefusal, 'code' | 'reason'> | 'good' | null

/** After so many connections in a row that end before the login's answer, the key is suspected. */
const SUSPICIOUS_ENDS = 3

/**
 * Tells a refused key from a failing network, and spaces the attempts of a refused key.
 *
 * The socket's answer to a refused login is terse, and the same for a login that comes late. REST has a
 * code for each fault, so it is asked before the key is judged. If REST cannot be reached, the
 * socket's words alone count.
 */
export class KeyGuard {
  readonly #options: KeyGuardOptions
  readonly #stop = new AbortController()
  #refusals = 0
  #unanswered = 0
  #wasAccepted = false
  #mayBeLate = true
  #isExamining = false
  /** REST let the key in, with a time of the clock that logins use. */
  #isGoodAtRest = false
  #refusal: KeyRefusal | null = null
  #check: ClockTimer | null = null
  #goodAtMs: number | null = null
  #badSinceMs: number | null = null

  constructor(options: KeyGuardOptions) {
    this.#options = options
  }

  /** The present refusal; null if the key is not known to be refused. */
  get refusal(): KeyRefusal | null {
    return this.#refusal
  }

  /** Since when a key that was found bad while connected may have been bad; null if none was found. */
  get badSinceMs(): number | null {
    return this.#badSinceMs
  }

  /** The exchange let the key in. */
  onAccepted(): void {
    this.#wasAccepted = true
    this.#mayBeLate = true
    this.#isGoodAtRest = false
    this.#unanswered = 0
    this.#badSinceMs = null
    this.#goodAtMs = nowMs(this.#options.clock)
    this.#watch()
  }

  /** The connection is gone: the next login will show whether the key is good. */
  onDisconnect(): void {
    this.#check?.cancel()
    this.#check = null
  }

  /** A topic is live: an earlier refusal is over. */
  onUseful(): void {
    this.#refusals = 0
    this.#refusal = null
  }

  /** The key may read no topic. Nothing is put off: topics are asked for again every few minutes. */
  onDenied(words: string): void {
    this.#refusals = 1
    this.#refuse('PERMISSION_DENIED', words, this.#options.timings.refusedRetryMs)
  }

  /**
   * The exchange refused a login. Returns false if its words may mean that the login came late: then a
   * new measurement of the clock and another login are the cure.
   */
  onRefused(words: string): boolean {
    this.#unanswered = 0
    const code = keyFaultOfWords(words) ?? (this.#isGoodAtRest ? 'AUTH_REFUSED' : null)
    if (code !== null) {
      const delayMs = this.#putOff(words)
      void this.#judge(code, words, delayMs)
      return true
    }
    if (this.#mayBeLate) this.#mayBeLate = false
    else void this.#suspect()
    return false
  }

  /** The connection ended before the login was answered. */
  onUnanswered(): void {
    this.#unanswered++
    if (this.#unanswered % SUSPICIOUS_ENDS === 0) void this.#suspect()
  }

  close(): void {
    this.#stop.abort()
    this.#check?.cancel()
  }

  /** Plans the next check of a key in use: a revoked key may just leave the socket silent. */
  #watch(): void {
    const { clock, random, timings } = this.#options
    this.#check?.cancel()
    const delayMs = timings.keyCheckMs * (0.5 + random() / 2)
    if (Number.isFinite(delayMs)) {
      this.#check = clock.setTimer(() => void this.#examineAgain(), delayMs)
    }
  }

  async #examineAgain(): Promise<void> {
    const check = this.#check
    const askedAtMs = nowMs(this.#options.clock)
    const found = await this.#examine()
    // If the connection was lost meanwhile, its next login will show it.
    if (this.#stop.signal.aborted || this.#check !== check) return
    if (!isFault(found)) {
      if (found === 'good') this.#goodAtMs = askedAtMs
      this.#watch()
      return
    }
    this.#badSinceMs = this.#goodAtMs
    this.#refuse(found.code, found.reason, this.#putOff(found.reason))
  }

  async #judge(code: KeyFaultCode, words: string, delayMs: number): Promise<void> {
    const found = await this.#examine()
    if (this.#stop.signal.aborted) return
    if (isFault(found)) this.#refuse(found.code, found.reason, delayMs)
    else this.#refuse(code, words, delayMs)
  }

  /** Refuses the key if REST does. If REST lets it in, the next refusal by the socket counts as final. */
  async #suspect(): Promise<void> {
    if (this.#isExamining) return
    this.#isExamining = true
    const found = await this.#examine()
    this.#isExamining = false
    if (this.#stop.signal.aborted) return
    if (isFault(found)) this.#refuse(found.code, found.reason, this.#putOff(found.reason))
    else this.#isGoodAtRest = found === 'good'
  }

  /** What REST says about the key. */
  async #examine(): Promise<Finding> {
    try {
      await this.#options.examine(this.#stop.signal)
      return 'good'
    } catch (error) {
      const { code, message } = error as BybitAdapterError
      const fault = keyFaultOfCode(code)
      return fault === null ? null : { code: fault, reason: message }
    }
  }

  #putOff(reason: string): number {
    const { keyRetryBaseMs, keyRetryCapMs } = this.#options.timings
    const boundMs = Math.min(keyRetryCapMs, keyRetryBaseMs * 2 ** this.#refusals)
    // Full jitter would allow delays near zero.
    const delayMs = Math.ceil(boundMs * (0.5 + this.#options.random() / 2))
    this.#refusals++
    this.#options.putOff(printable(reason), delayMs)
    return delayMs
  }

  #refuse(found: KeyFaultCode, reason: string, retryInMs: number): void {
    const isRevoked = found === 'API_KEY_INVALID' && this.#wasAccepted
    const code = isRevoked ? 'API_KEY_REVOKED' : found
    const retryAtMs = nowMs(this.#options.clock) + retryInMs
    this.#refusal = { code, reason: printable(reason), attempt: this.#refusals, retryAtMs }
    this.#options.onRefused(this.#refusal, retryInMs)
  }
}

function isFault(finding: Finding): finding is Exclude<Finding, 'good' | null> {
  return finding !== null && finding !== 'good'
}

import { type Clock, type ClockTimer, nowMs } from '@grid/core-events'
import { type KeyFaultCode, keyFaultOfCode, keyFaultOfWords } from '../../auth/key-fault.ts'
import type { BybitAdapterError } from '../../errors.ts'
import { printable } from '../../wire/printable.ts'
import type { PrivateStreamTimings } from '../stream/stream-timings.ts'

/** A key that the exchange refuses, and until when it is not tried again. */
export interface KeyRefusal {
  readonly code: KeyFaultCode
  readonly reason: string
  /** How many times in a row. */
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
  /** Asks over REST, where the exchange says more precisely what is wrong with the key. */
  readonly examine: (signal: AbortSignal) => Promise<unknown>
  /** No login before a delay has passed. */
  readonly putOff: (reason: string, delayMs: number) => void
  readonly onRefused: (refusal: KeyRefusal, retryInMs: number) => void
}

/** What REST says of a key; null when it cannot be asked. */
type Finding = Pick<KeyRefusal, 'code' | 'reason'> | 'good' | null

/** So many connections that end before a login is answered, and the key comes under suspicion. */
const SUSPICIOUS_ENDS = 3

/**
 * Tells a key that is refused from a network that fails, and keeps a refused one from being tried
 * all the time.
 *
 * What the socket says of a refused login is terse, and the same for a late one; REST has a code for
 * each fault, so that it is asked before a verdict. One that cannot be reached changes nothing.
 */
export class KeyGuard {
  readonly #options: KeyGuardOptions
  readonly #stop = new AbortController()
  #refusals = 0
  #unanswered = 0
  #wasAccepted = false
  #mayBeLate = true
  #isExamining = false
  /** REST let the key in, by the clock that logins are sent by. */
  #isGoodAtRest = false
  #refusal: KeyRefusal | null = null
  #check: ClockTimer | null = null
  #goodAtMs: number | null = null
  #badSinceMs: number | null = null

  constructor(options: KeyGuardOptions) {
    this.#options = options
  }

  /** The refusal that holds at the moment; null when the key is not known to be refused. */
  get refusal(): KeyRefusal | null {
    return this.#refusal
  }

  /** Since when a key that was found bad while connected may have been so; null when none was. */
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

  /** The connection is gone: only a login can tell what the key is worth now. */
  onDisconnect(): void {
    this.#check?.cancel()
    this.#check = null
  }

  /** The key delivers: what was refused before is over. */
  onUseful(): void {
    this.#refusals = 0
    this.#refusal = null
  }

  /** The exchange lets the key in, but to no topic; each is asked for again, which is rest enough. */
  onDenied(words: string): void {
    this.#refusals = 1
    this.#refuse('PERMISSION_DENIED', words, this.#options.timings.refusedRetryMs)
  }

  /**
   * The exchange refused a login. Returns false when the words leave open why: it may be the clock's
   * fault, which a new measurement and another login cure.
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

  /** The connection ended, or was given up, before the login was answered. */
  onUnanswered(): void {
    this.#unanswered++
    if (this.#unanswered % SUSPICIOUS_ENDS === 0) void this.#suspect()
  }

  close(): void {
    this.#stop.abort()
    this.#check?.cancel()
  }

  /** What becomes of a socket whose key is revoked is not documented, and silence tells nothing. */
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
    // A connection that was lost meanwhile tells by its own login.
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

  /** Finds the key guilty if REST does; where REST lets it in, so must the socket from now on. */
  async #suspect(): Promise<void> {
    if (this.#isExamining) return
    this.#isExamining = true
    const found = await this.#examine()
    this.#isExamining = false
    if (this.#stop.signal.aborted) return
    if (isFault(found)) this.#refuse(found.code, found.reason, this.#putOff(found.reason))
    else this.#isGoodAtRest = found === 'good'
  }

  /** What REST has against the key. */
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
    // Never near to zero, as a full jitter would allow.
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

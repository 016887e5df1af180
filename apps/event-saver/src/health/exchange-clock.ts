import { performance } from 'node:perf_hooks'
import type { ServerTime } from '@grid/bybit-adapter'
import { type Clock, durationText, nowMs } from '@grid/core-events'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** The exchange bans clients that ask for the time often. */
const READ_EVERY_MS = 60_000
/** From this difference on the clock is warned of: bounds of gaps and receive times rely on it. */
const WARN_MS = 250
/** A larger difference is no readiness. */
const MOST_MS = 5000
/** Events that contradict a reading of the clock are this much nearer. */
const MARGIN_MS = 1000
/** Of events one sample in this time is taken, and those of the last seconds count. */
const SAMPLE_MS = 200
const WINDOW_MS = 5000
const LEAST_SAMPLES = 3

/** What the exchange's clock is compared by. */
export interface ExchangeClockOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Reads the exchange's clock once; null where REST would ask another exchange than the streams. */
  readonly readTime: ((signal: AbortSignal) => Promise<ServerTime>) | null
  /** In milliseconds; never set back. Default: the monotonic clock. */
  readonly monotonicMs?: () => number
}

/** How far the exchange's clock is from this machine's, in milliseconds; null where that is not known. */
export interface ClockDifference {
  /** How far it is ahead, by REST. */
  readonly offsetMs: number | null
  /** How old events are when they come, by their own time; negative where they are of the future. */
  readonly lagMs: number | null
}

interface Reading {
  readonly offsetMs: number
  readonly halfTripMs: number
  readonly atMs: number
  /** How far this machine's clock was ahead of the monotonic one: when it is set, that changes. */
  readonly wallMs: number
}

/**
 * Compares the exchange's clock with this machine's: by REST at most once a minute, by the times of events at once.
 *
 * When this machine's clock is set, the last reading is corrected by as much. Events tell of a difference within
 * seconds, but not whether old ones are late: what a newer reading refutes is none.
 */
export class ExchangeClock {
  readonly #options: ExchangeClockOptions
  readonly #monotonicMs: () => number
  #reading: Reading | null = null
  #askedMs: number | null = null
  #isAsking = false
  #failures = 0
  #isTold = false
  #samples: { readonly atMs: number; readonly lagMs: number }[] = []
  /** Since when the events differ too much. */
  #differsSinceMs: number | null = null

  constructor(options: ExchangeClockOptions) {
    this.#options = options
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now())
  }

  /** Takes the time of an event, and when it was received, in epoch microseconds. */
  note(exchangeTs: number, localTsUs: number): void {
    const atMs = this.#monotonicMs()
    const newest = this.#samples.at(-1)
    if (newest !== undefined && atMs - newest.atMs < SAMPLE_MS) return
    this.#samples.push({ atMs, lagMs: localTsUs / 1000 - exchangeTs })
    if (this.#samples.length > WINDOW_MS / SAMPLE_MS) this.#samples.shift()
  }

  /** Reads the exchange's clock when that is due; call it every second. */
  tick(signal: AbortSignal): void {
    const now = this.#monotonicMs()
    const isDue = this.#askedMs === null || now - this.#askedMs >= READ_EVERY_MS
    const { readTime } = this.#options
    if (readTime === null || this.#isAsking || !isDue) return
    this.#askedMs = now
    void this.#read(readTime, signal)
  }

  get difference(): ClockDifference {
    return { offsetMs: this.#offsetMs, lagMs: this.#lagMs }
  }

  /** Says that the clocks are too far apart; null when they are not known to be. */
  judge(): string | null {
    const lagMs = this.#lagMs
    const isFar = lagMs !== null && Math.abs(lagMs) > MOST_MS
    if (!isFar) this.#differsSinceMs = null
    else this.#differsSinceMs ??= this.#monotonicMs()
    if (isFar && lagMs < 0) {
      return `events are of a time that is ${durationText(-lagMs)} ahead of this machine's clock`
    }
    if (isFar && !this.#isRefuted) {
      return `events are ${durationText(lagMs)} old when they come: this machine's clock is ahead, or they are late`
    }
    return this.#byReading(lagMs)
  }

  #byReading(lagMs: number | null): string | null {
    const offsetMs = this.#offsetMs
    if (offsetMs === null || !this.#exceeds(offsetMs, MOST_MS)) return null
    if (lagMs !== null && Math.abs(lagMs) < MOST_MS - MARGIN_MS) {
      // What events refute once says nothing later either, when none come.
      this.#reading = null
      return null
    }
    return differenceText(offsetMs)
  }

  /** Whether a reading since the events differ says that the clocks do not. */
  get #isRefuted(): boolean {
    const [reading, sinceMs, offsetMs] = [this.#reading, this.#differsSinceMs, this.#offsetMs]
    if (reading === null || sinceMs === null || offsetMs === null) return false
    return reading.atMs > sinceMs && !this.#exceeds(offsetMs, MOST_MS - MARGIN_MS)
  }

  #exceeds(offsetMs: number, limitMs: number): boolean {
    return Math.abs(offsetMs) - (this.#reading?.halfTripMs ?? 0) > limitMs
  }

  get #offsetMs(): number | null {
    if (this.#reading === null) return null
    const { offsetMs, wallMs } = this.#reading
    return offsetMs - (this.#wallMs - wallMs)
  }

  get #wallMs(): number {
    return nowMs(this.#options.clock) - this.#monotonicMs()
  }

  /** The median, as one absurd time must count for nothing. */
  get #lagMs(): number | null {
    const sinceMs = this.#monotonicMs() - WINDOW_MS
    const lags = this.#samples.filter(({ atMs }) => atMs >= sinceMs).map(({ lagMs }) => lagMs)
    if (lags.length < LEAST_SAMPLES) return null
    return lags.sort((a, b) => a - b)[lags.length >> 1] ?? null
  }

  async #read(
    readTime: (signal: AbortSignal) => Promise<ServerTime>,
    signal: AbortSignal,
  ): Promise<void> {
    this.#isAsking = true
    try {
      const { timeNano, sentUs, localTsUs } = await readTime(signal)
      const exchangeMs = Number(timeNano.slice(0, -3)) / 1000
      this.#reading = {
        offsetMs: exchangeMs - (sentUs + localTsUs) / 2000,
        halfTripMs: (localTsUs - sentUs) / 2000,
        atMs: this.#monotonicMs(),
        wallMs: this.#wallMs,
      }
      this.#failures = 0
      this.#tell(this.#reading.offsetMs)
    } catch (error) {
      if (!signal.aborted) this.#onFailure(error)
    } finally {
      this.#isAsking = false
    }
  }

  #onFailure(error: unknown): void {
    this.#failures += 1
    if (!isWorthALine(this.#failures)) return
    const facts = { failures: this.#failures, reason: reasonOf(error) }
    const text = 'the exchange does not tell its time: its clock is compared by events alone'
    this.#options.log[levelOf(this.#failures)]({ code: 'EXCHANGE_CLOCK_UNKNOWN', ...facts }, text)
  }

  #tell(offset: number): void {
    const isFar = this.#exceeds(offset, WARN_MS)
    if (isFar === this.#isTold) return
    this.#isTold = isFar
    const facts = { code: 'EXCHANGE_CLOCK', offsetMs: Math.round(offset) }
    const text = differenceText(offset)
    if (isFar) this.#options.log.warn(facts, `${text}: synchronise it (NTP)`)
    else this.#options.log.info(facts, text)
  }
}

function differenceText(offsetMs: number): string {
  const way = offsetMs < 0 ? 'ahead of' : 'behind'
  return `this machine's clock is ${durationText(Math.abs(offsetMs))} ${way} the exchange's`
}

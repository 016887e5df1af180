import {
  type Clock,
  type ClockTimer,
  nowMs,
  type PublicChannel,
  type PublicEvent,
} from '@grid/core-events'
import type { TradeWitness } from '../../channels/dialect/channel-dialect.ts'
import { dialectOf, type MarketTopic } from '../../channels/topics.ts'
import type { StreamTimings } from '../stream/stream-timings.ts'

/** Options of a {@link SilenceWatch}. */
export interface SilenceWatchOptions {
  readonly clock: Clock
  readonly timings: StreamTimings
  /** A topic is silent although its symbol trades; told again each time that this goes on. */
  readonly onSilent: (topic: string, silentForMs: number) => void
}

/** What the watch remembers of one topic. */
export interface TopicSilence {
  readonly topic: string
  readonly symbol: string
  /** Null where the channel's events prove no trade. */
  readonly witness: TradeWitness | null
  /** Receive time of the newest data; before the first, when the watch began. */
  lastDataMs: number
  /** The newest data or the newest start of a subscription: a sign counts only well after this. */
  sinceMs: number
  /** When the first sign came, and the newest. */
  firstSignMs: number | null
  newestSignMs: number
  verdict: ClockTimer | null
}

/** Two signs count as two when they are at least this far apart. */
const SIGN_DISTANCE_MS = 1_000

/**
 * Finds topics that are silent although other topics of their symbol show that it trades.
 *
 * A channel's dialect says which events prove a trade, and which topics speak at every trade. Those
 * speak within a fraction of a second of each other, so two proofs that a topic leaves unanswered show
 * that it is silent. A market without trades gives no proof.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  readonly #topics = new Set<TopicSilence>()
  readonly #witnesses = new Map<PublicChannel, TradeWitness | null>()
  /** The topics that speak at every trade, by their last part. */
  readonly #byTail = new Map<string, TopicSilence[]>()
  /** How a symbol becomes the last part of such a topic: one function for most channels. */
  readonly #tailsOf = new Set<(symbol: string) => string>()

  constructor(options: SilenceWatchOptions) {
    this.#options = options
  }

  /** Begins to watch a topic. */
  add({ topic, channel, symbol, kind }: MarketTopic): TopicSilence {
    const sinceMs = nowMs(this.#options.clock)
    const watched: TopicSilence = {
      topic,
      symbol,
      witness: this.#witnessOf(channel),
      lastDataMs: sinceMs,
      sinceMs,
      firstSignMs: null,
      newestSignMs: 0,
      verdict: null,
    }
    this.#topics.add(watched)
    if (kind.speaksOnTrade) {
      this.#byTail.set(symbol, [...(this.#byTail.get(symbol) ?? []), watched])
      this.#tailsOf.add(kind.tailOf)
    }
    return watched
  }

  /** Watches a topic no longer. */
  remove(watched: TopicSilence): void {
    const { symbol } = watched
    clearSuspicion(watched)
    this.#topics.delete(watched)
    const rest = this.#byTail.get(symbol)?.filter((other) => other !== watched) ?? []
    if (rest.length > 0) this.#byTail.set(symbol, rest)
    else this.#byTail.delete(symbol)
    this.#forget(symbol)
  }

  /** A topic's subscription begins here, or is being asked for again: earlier signs do not count. */
  restart(watched: TopicSilence): void {
    clearSuspicion(watched)
    watched.sinceMs = nowMs(this.#options.clock)
    this.#forget(watched.symbol)
  }

  /** Data of a topic came in, perhaps without an event. */
  onData(speaker: TopicSilence, localTsUs: number, events: readonly PublicEvent[]): void {
    const atMs = Math.floor(localTsUs / 1000)
    if (speaker.firstSignMs !== null) clearSuspicion(speaker)
    speaker.lastDataMs = atMs
    speaker.sinceMs = atMs
    const { witness } = speaker
    if (witness === null) return
    let traded: string | null = null
    for (const event of events) {
      // A frame of many trades of one symbol is one sign.
      if (event.symbol === traded || !witness.provesTrade(event)) continue
      traded = event.symbol
      this.#onTrade(speaker, traded, atMs)
    }
  }

  /** Stops. */
  close(): void {
    for (const watched of this.#topics) clearSuspicion(watched)
    this.#topics.clear()
    this.#byTail.clear()
  }

  #witnessOf(channel: PublicChannel): TradeWitness | null {
    let witness = this.#witnesses.get(channel)
    if (witness === undefined) {
      witness = dialectOf(channel).createTradeWitness?.() ?? null
      this.#witnesses.set(channel, witness)
    }
    return witness
  }

  /** What a new subscription finds changed since the old one proves no trade now. */
  #forget(symbol: string): void {
    for (const witness of this.#witnesses.values()) witness?.forget(symbol)
  }

  #onTrade(speaker: TopicSilence, symbol: string, atMs: number): void {
    const { silenceGraceMs } = this.#options.timings
    for (const tailOf of this.#tailsOf) {
      for (const suspect of this.#byTail.get(tailOf(symbol)) ?? []) {
        if (suspect !== speaker && atMs - suspect.sinceMs >= silenceGraceMs) {
          this.#addSign(suspect, atMs)
        }
      }
    }
  }

  #addSign(suspect: TopicSilence, atMs: number): void {
    if (suspect.firstSignMs === null) {
      suspect.firstSignMs = atMs
      suspect.newestSignMs = atMs
    } else if (suspect.verdict === null && atMs - suspect.newestSignMs >= SIGN_DISTANCE_MS) {
      suspect.newestSignMs = atMs
      this.#await(suspect, suspect.firstSignMs, atMs)
    }
  }

  /** Gives the data that answers the second sign time to come: the sign may be ahead of it. */
  #await(suspect: TopicSilence, firstSignMs: number, atMs: number): void {
    const { clock, timings, onSilent } = this.#options
    const { silenceAfterMs, silenceGraceMs } = timings
    const verdictMs = Math.max(firstSignMs + silenceAfterMs, atMs + silenceGraceMs)
    suspect.verdict = clock.setTimer(() => {
      const silentForMs = verdictMs - suspect.lastDataMs
      this.restart(suspect)
      onSilent(suspect.topic, silentForMs)
    }, verdictMs - atMs)
  }
}

function clearSuspicion(watched: TopicSilence): void {
  watched.firstSignMs = null
  watched.verdict?.cancel()
  watched.verdict = null
}

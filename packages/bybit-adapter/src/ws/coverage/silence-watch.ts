import {
  type Clock,
  type ClockTimer,
  type Decimal,
  nowMs,
  type PublicEvent,
  TICKER_FIELDS,
  type TickerEvent,
} from '@grid/core-events'
import type { WantedTopic } from '../../channels/registry.ts'
import { Timers } from '../../time/timers.ts'
import type { StreamTimings } from '../stream/stream-timings.ts'

/** Options of a {@link SilenceWatch}. */
export interface SilenceWatchOptions {
  readonly clock: Clock
  readonly timings: StreamTimings
  /** A topic is silent although it cannot be; told again each time that it stays so. */
  readonly onSilent: (topic: string, silentForMs: number) => void
}

interface Watched {
  readonly topic: string
  readonly symbol: string
  readonly isTrades: boolean
  /** Receive time of the newest data; before the first, when the watch began. */
  lastDataMs: number
  /** Newest data or newest beginning of a subscription: a sign must come well after. */
  sinceMs: number
  /** When the first of the signs came, and the newest. */
  firstSignMs: number | null
  newestSignMs: number
  verdict: ClockTimer | null
}

/** The least time between two signs that count as two. */
const SIGN_DISTANCE_MS = 1_000
/** The fields that a trade changes. */
const TRADED = ['lastPrice', 'turnover24h', 'volume24h'] as const
const TRADED_BITS = TRADED.reduce((mask, name) => mask | (1 << TICKER_FIELDS[name].bit), 0)

/**
 * Finds topics that are silent although other streams of their symbol say that there are trades.
 *
 * Signs of a trade are a trade, a ticker's last price that changed, and a rolling volume that grew
 * (one that shrinks only forgets). Each trade makes the ticker, the book and the trade topic speak
 * within a fraction of a second, so two signs that they leave unanswered are proof, and a market
 * without trades gives none. Mark prices and quotes move without trades: they are no signs.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  readonly #timers: Timers
  readonly #topics = new Map<string, Watched>()
  /** The topics that a trade of a symbol makes speak; of option trades, by base coin. */
  readonly #bySymbol = new Map<string, Watched[]>()
  readonly #tickers = new Map<string, TickerEvent>()

  constructor(options: SilenceWatchOptions) {
    this.#options = options
    this.#timers = new Timers(options.clock)
  }

  /** Begins to watch topics. */
  add(topics: readonly WantedTopic[]): void {
    for (const { topic, channel, symbol } of topics) {
      const sinceMs = nowMs(this.#options.clock)
      const watched: Watched = {
        topic,
        symbol,
        isTrades: channel === 'publicTrade',
        lastDataMs: sinceMs,
        sinceMs,
        firstSignMs: null,
        newestSignMs: 0,
        verdict: null,
      }
      this.#topics.set(topic, watched)
      this.#bySymbol.set(symbol, [...(this.#bySymbol.get(symbol) ?? []), watched])
    }
  }

  /** Watches topics no more. */
  remove(topics: readonly WantedTopic[]): void {
    for (const { topic, symbol } of topics) {
      const watched = this.#topics.get(topic)
      if (watched !== undefined) this.#acquit(watched)
      this.#topics.delete(topic)
      const rest = this.#bySymbol.get(symbol)?.filter((other) => other !== watched) ?? []
      if (rest.length > 0) this.#bySymbol.set(symbol, rest)
      else this.#bySymbol.delete(symbol)
      this.#tickers.delete(symbol)
    }
  }

  /** A topic is subscribed from here on, or not at all for now: earlier signs do not count. */
  restart(name: string): void {
    const watched = this.#topics.get(name)
    if (watched === undefined) return
    this.#acquit(watched)
    watched.sinceMs = nowMs(this.#options.clock)
    this.#tickers.delete(watched.symbol)
  }

  /** Data of a topic came in, perhaps without an event. */
  onData(name: string, localTsUs: number, events: readonly PublicEvent[]): void {
    const speaker = this.#topics.get(name)
    if (speaker === undefined) return
    const atMs = Math.floor(localTsUs / 1000)
    if (speaker.firstSignMs !== null) this.#acquit(speaker)
    speaker.lastDataMs = atMs
    speaker.sinceMs = atMs
    let symbol: string | null = null
    for (const event of events) {
      if (event.symbol === symbol) continue
      symbol = event.symbol
      if (event.channel !== 'ticker' || this.#isTraded(event)) this.#onTrade(speaker, symbol, atMs)
    }
  }

  /** Stops. */
  close(): void {
    this.#timers.clear()
    this.#topics.clear()
  }

  #isTraded(event: TickerEvent): boolean {
    // A ToInt32 of the mask keeps its lower 32 bits, which is where these are.
    if ((event.changed & TRADED_BITS) === 0) return false
    const before = this.#tickers.get(event.symbol)
    this.#tickers.set(event.symbol, event)
    if (before === undefined) return false
    return (
      (event.lastPrice !== before.lastPrice && event.lastPrice !== null) ||
      isMore(event.volume24h, before.volume24h) ||
      isMore(event.turnover24h, before.turnover24h)
    )
  }

  #onTrade(speaker: Watched, symbol: string, atMs: number): void {
    const own = this.#bySymbol.get(symbol)
    if (own !== undefined) this.#sign(own, speaker, atMs)
    if (speaker.isTrades) return
    const baseCoin = symbol.split('-', 1)[0] ?? symbol
    const shared = baseCoin === symbol ? undefined : this.#bySymbol.get(baseCoin)
    if (shared !== undefined) this.#sign(shared, speaker, atMs)
  }

  #sign(suspects: readonly Watched[], speaker: Watched, atMs: number): void {
    const { silenceGraceMs } = this.#options.timings
    for (const suspect of suspects) {
      if (suspect === speaker || atMs - suspect.sinceMs < silenceGraceMs) continue
      if (suspect.firstSignMs === null) {
        suspect.firstSignMs = atMs
        suspect.newestSignMs = atMs
      } else if (suspect.verdict === null && atMs - suspect.newestSignMs >= SIGN_DISTANCE_MS) {
        suspect.newestSignMs = atMs
        this.#await(suspect, suspect.firstSignMs, atMs)
      }
    }
  }

  /** The second sign may run ahead of the data that answers it: that gets its time, too. */
  #await(suspect: Watched, firstSignMs: number, atMs: number): void {
    const { silenceAfterMs, silenceGraceMs } = this.#options.timings
    const verdictMs = Math.max(firstSignMs + silenceAfterMs, atMs + silenceGraceMs)
    suspect.verdict = this.#timers.set(() => {
      const silentForMs = verdictMs - suspect.lastDataMs
      this.restart(suspect.topic)
      this.#options.onSilent(suspect.topic, silentForMs)
    }, verdictMs - atMs)
  }

  #acquit(watched: Watched): void {
    watched.firstSignMs = null
    watched.verdict?.cancel()
    watched.verdict = null
  }
}

/** Whether a rolling sum grew; binary floats serve, for only a comparison comes of it. */
function isMore(after: Decimal | null, before: Decimal | null): boolean {
  return after !== before && after !== null && before !== null && Number(after) > Number(before)
}

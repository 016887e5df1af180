import { type Clock, nowMs } from '@grid/core-events'
import type { Connection } from './connection.ts'
import { SimError } from './errors.ts'
import type { Hub } from './hub.ts'
import { instrumentOf } from './instrument.ts'
import { MAX_TRADES_PER_FRAME, tickerFrameText, tradeFrameText } from './linear-frames.ts'
import { TickerBoard, type TickerMessage } from './ticker-board.ts'
import type { TickerKey } from './ticker-keys.ts'
import { type TradeOverrides, TradeTape } from './trade-tape.ts'
import type { TickerTruth, TradeColumns, TradeTruth } from './truth.ts'
import type { TruthLedger } from './truth-ledger.ts'

/** Length of a step of the market in milliseconds. */
export const STEP_MS = 10

/** How much the market produces. */
export interface MarketPace {
  readonly tradesPerSecond: number
  readonly tickerIntervalMs: number
  readonly tradesPerFrame: number
}

interface Desk {
  readonly tape: TradeTape
  readonly board: TickerBoard
  /** The snapshot that later subscribers get as well, while nothing changes. */
  snapshot: {
    readonly truth: TickerTruth
    readonly sentTo: number[]
    readonly bytes: Buffer
  } | null
}

/** Makes trades and tickers, publishes them, and records the truth of both. */
export class Market {
  readonly #clock: Clock
  readonly #hub: Hub
  readonly #ledger: TruthLedger
  readonly #pace: MarketPace
  readonly #desks = new Map<string, Desk>()

  constructor(options: {
    clock: Clock
    hub: Hub
    ledger: TruthLedger
    pace: MarketPace
    seed: number
    symbols: readonly string[]
    emptyTickerValues: boolean
  }) {
    this.#clock = options.clock
    this.#hub = options.hub
    this.#ledger = options.ledger
    this.#pace = options.pace
    const seed = String(options.seed)
    for (const symbol of options.symbols) {
      const tape = new TradeTape(instrumentOf(symbol), seed)
      const board = new TickerBoard(tape, seed, nowMs(this.#clock), options.emptyTickerValues)
      this.#desks.set(symbol, { tape, board, snapshot: null })
    }
  }

  /** Whether a topic is one of this market's. */
  serves(topic: string): boolean {
    const [kind, symbol, ...rest] = topic.split('.')
    const isKind = kind === 'tickers' || kind === 'publicTrade'
    return isKind && rest.length === 0 && this.#desks.has(symbol ?? '')
  }

  /** Produces what falls into one step; which items these are depends on the seed and the step. */
  step(step: number): void {
    const perStep = (this.#pace.tradesPerSecond * STEP_MS) / 1000
    const count = Math.floor((step + 1) * perStep) - Math.floor(step * perStep)
    const every = Math.max(1, Math.round(this.#pace.tickerIntervalMs / STEP_MS))
    let offset = 0
    for (const [symbol, { tape, board }] of this.#desks) {
      if (count > 0) this.#publishTrades(symbol, tape.trades(count, nowMs(this.#clock)))
      // Symbols do not tick in step with each other.
      if ((step + 1 + offset++) % every !== 0) continue
      const message = board.tick(nowMs(this.#clock))
      if (message !== null) this.#publishTicker(message)
    }
  }

  /** Publishes one match placed by hand. */
  match(symbol: string, count: number, overrides: TradeOverrides, perFrame?: number): TradeTruth[] {
    const trades = this.#desk(symbol).tape.match(count, nowMs(this.#clock), overrides)
    return this.#publishTrades(symbol, trades, perFrame)
  }

  /** Publishes a delta placed by hand. */
  tick(symbol: string, changes: Partial<Record<TickerKey, string>>): TickerTruth {
    return this.#publishTicker(this.#desk(symbol).board.place(changes, nowMs(this.#clock)))
  }

  /** Sends what a new subscription opens with: tickers a snapshot, trades nothing. */
  greet(connection: Connection, topic: string): void {
    const [kind, symbol] = topic.split('.')
    const desk = this.#desks.get(symbol ?? '')
    if (kind !== 'tickers' || desk === undefined) return
    if (desk.snapshot !== null) {
      this.#hub.deliver(connection, { topic, ...desk.snapshot })
      return
    }
    const message = desk.board.snapshot()
    const sentTo: number[] = []
    const bytes = Buffer.from(tickerFrameText(topic, message))
    const truth = this.#truthOf(message, sentTo)
    desk.snapshot = { truth, sentTo, bytes }
    this.#hub.deliver(connection, { topic, bytes, sentTo })
    this.#ledger.addTicker(truth)
  }

  #desk(symbol: string): Desk {
    const desk = this.#desks.get(symbol)
    if (desk === undefined) throw new SimError('SIM_BAD_INPUT', `there is no symbol ${symbol} here`)
    return desk
  }

  #publishTrades(
    symbol: string,
    trades: readonly TradeColumns[],
    perFrame: number = this.#pace.tradesPerFrame,
  ): TradeTruth[] {
    const topic = `publicTrade.${symbol}`
    const size = Math.min(perFrame, MAX_TRADES_PER_FRAME)
    const truths: TradeTruth[] = []
    for (let from = 0; from < trades.length; from += size) {
      const inFrame = trades.slice(from, from + size)
      const ts = Math.max(nowMs(this.#clock), inFrame.at(-1)?.exchangeTs ?? 0)
      const sentTo = this.#hub.publish(topic, () => tradeFrameText(topic, ts, inFrame))
      const producedAtUs = this.#clock.nowUs()
      const items = inFrame.map(
        (trade): TradeTruth => ({ kind: 'trade', ...trade, producedAtUs, sentTo }),
      )
      this.#ledger.addTrades(symbol, items, sentTo.length > 0)
      truths.push(...items)
    }
    return truths
  }

  #publishTicker(message: TickerMessage): TickerTruth {
    const topic = `tickers.${message.symbol}`
    this.#desk(message.symbol).snapshot = null
    const sentTo = this.#hub.publish(topic, () => tickerFrameText(topic, message))
    const truth = this.#truthOf(message, sentTo)
    this.#ledger.addTicker(truth)
    return truth
  }

  #truthOf(message: TickerMessage, sentTo: readonly number[]): TickerTruth {
    const producedAtUs = this.#clock.nowUs()
    return { kind: 'ticker', category: 'linear', ...message, producedAtUs, sentTo }
  }
}

import { type Category, type Clock, nowMs } from '@grid/core-events'
import { SimError } from './base/errors.ts'
import type { Publisher } from './frames/publisher.ts'
import { parseTopic, tradeTopic } from './frames/topic.ts'
import { Desk } from './market/desk.ts'
import { instrumentOf } from './market/instrument.ts'
import type { TradeOverrides } from './market/trade-tape.ts'
import type { ExchangeRules } from './rules.ts'
import type { Connection } from './sockets/connection.ts'
import type { TickerTruth, TradeTruth } from './truth/truth.ts'

/** Length of a step of the market in milliseconds. */
export const STEP_MS = 10

const FUNDING_MINUTE_MS = 60_000

/** How much the market produces. */
export interface MarketPace {
  readonly tradesPerSecond: number
  readonly tickerIntervalMs: number
  readonly bookIntervalMs: number
}

/** All instruments; makes their trades, tickers and books, step by step. */
export class Market {
  readonly #clock: Clock
  readonly #publisher: Publisher
  readonly #pace: MarketPace
  readonly #seed: string
  readonly #rules: ExchangeRules
  readonly #desks = new Map<string, Desk>()

  constructor(options: {
    /** The clock that the exchange itself tells of. */
    clock: Clock
    publisher: Publisher
    pace: MarketPace
    seed: number
    rules: ExchangeRules
  }) {
    this.#clock = options.clock
    this.#publisher = options.publisher
    this.#pace = options.pace
    this.#seed = String(options.seed)
    this.#rules = options.rules
  }

  /** Every instrument that is or was listed, in the order of listing. */
  desks(category: Category): Desk[] {
    return [...this.#desks.values()].filter((desk) => desk.instrument.category === category)
  }

  /** Throws `SIM_BAD_INPUT` when there is no such instrument. */
  desk(category: Category, symbol: string): Desk {
    const desk = this.find(category, symbol)
    if (desk !== undefined) return desk
    throw new SimError('SIM_BAD_INPUT', `there is no ${category} symbol ${symbol} here`)
  }

  find(category: Category, symbol: string): Desk | undefined {
    return this.#desks.get(`${category} ${symbol}`)
  }

  /** Adds an instrument, or lets a delisted one trade again. */
  list(category: Category, symbol: string, launchTime?: number): void {
    const known = this.find(category, symbol)
    if (known !== undefined) {
      known.isListed = true
      return
    }
    const instrument = instrumentOf(category, symbol, launchTime)
    const desk = new Desk(instrument, this.#seed, nowMs(this.#clock), this.#rules)
    this.#desks.set(`${category} ${symbol}`, desk)
  }

  /** Ends an instrument's trading; its subscriptions stay and get nothing. */
  delist(category: Category, symbol: string): void {
    this.desk(category, symbol).isListed = false
  }

  /** Whether a topic can be subscribed to. Option sockets take any kind of data. */
  serves(category: Category, topic: string): boolean {
    if (category !== 'option') {
      const parsed = parseTopic(category, topic)
      return parsed !== null && this.find(category, parsed.target)?.isListed === true
    }
    const target = topic.slice(topic.lastIndexOf('.') + 1)
    if (this.find(category, target)?.isListed === true) return true
    return this.desks(category).some(
      ({ isListed, instrument }) => isListed && tradeTopic(instrument) === topic,
    )
  }

  /** Produces what falls into one step; which items these are depends on the seed and the step. */
  step(step: number): void {
    const now = nowMs(this.#clock)
    const perStep = (this.#pace.tradesPerSecond * STEP_MS) / 1000
    const count = Math.floor((step + 1) * perStep) - Math.floor(step * perStep)
    const tickEvery = Math.max(1, Math.round(this.#pace.tickerIntervalMs / STEP_MS))
    const bookEvery = Math.max(1, Math.round(this.#pace.bookIntervalMs / STEP_MS))
    let offset = 0
    for (const desk of this.#desks.values()) {
      // Symbols do not tick in step with each other.
      const phase = step + 1 + offset++
      if (!desk.isListed) continue
      if (count > 0) this.#publisher.trades(desk, desk.tape.trades(count, now))
      this.#publisher.book(desk, phase % bookEvery === 0 && desk.book.step(now), now)
      if (phase % tickEvery !== 0) continue
      settleFunding(desk, now)
      const message = desk.ticker.tick(now)
      if (message !== null) this.#publisher.ticker(desk, message)
    }
  }

  /** Publishes one match placed by hand. */
  match(desk: Desk, count: number, overrides: TradeOverrides, perFrame?: number): TradeTruth[] {
    const trades = desk.tape.match(count, nowMs(this.#clock), overrides)
    return this.#publisher.trades(desk, trades, perFrame)
  }

  /** Publishes a ticker message placed by hand. */
  tick(desk: Desk, changes: Readonly<Record<string, string>>): TickerTruth {
    return this.#publisher.ticker(desk, desk.ticker.place(changes, nowMs(this.#clock)))
  }

  /** Publishes a new state of the book. */
  moveBook(desk: Desk): void {
    const now = nowMs(this.#clock)
    while (!desk.book.step(now));
    this.#publisher.book(desk, true, now)
  }

  /** Sends what a new subscription opens with: contracts' tickers and all books a snapshot. */
  greet(connection: Connection, topic: string): void {
    const { category } = connection.dialect
    if (category === 'private') return
    const parsed = parseTopic(category, topic)
    const desk = parsed === null ? undefined : this.find(category, parsed.target)
    if (parsed === null || desk === undefined || !desk.isListed) return
    if (parsed.kind === 'tickers') this.#publisher.greetTicker(connection, topic, desk)
    if (parsed.kind === 'orderbook.1') {
      this.#publisher.greetBook(connection, topic, desk, nowMs(this.#clock))
    }
  }
}

/** Keeps the rate that held when a funding fell due, for its history. */
function settleFunding(desk: Desk, now: number): void {
  const rate = desk.fundingRate
  const next = Number(desk.ticker.values['nextFundingTime'])
  if (rate === null || next === 0 || now < next) return
  if (now - next < FUNDING_MINUTE_MS) desk.settledFunding.set(next, rate)
}

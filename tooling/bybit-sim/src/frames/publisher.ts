import { type Clock, nowMs } from '@grid/core-events'
import type { Desk, StandingBook } from '../market/desk.ts'
import type { TickerMessage } from '../market/ticker-state.ts'
import type { Connection } from '../sockets/connection.ts'
import type { Hub } from '../sockets/hub.ts'
import type { BookTruth, TickerTruth, TradeColumns, TradeTruth } from '../truth/truth.ts'
import type { TruthLedger } from '../truth/truth-ledger.ts'
import { bookFrameText } from './book-frame.ts'
import { tickerFrameText } from './ticker-frame.ts'
import { tradeTopic } from './topic.ts'
import { MAX_TRADES_PER_FRAME, tradeFrameText } from './trade-frame.ts'

/** Turns what the market makes into frames, sends them, and records the truth of both. */
export class Publisher {
  readonly #clock: Clock
  readonly #serverClock: Clock
  readonly #hub: Hub
  readonly #ledger: TruthLedger
  readonly #tradesPerFrame: number
  readonly #bookRepeatMs: number

  constructor(options: {
    clock: Clock
    /** The clock that the exchange itself tells of. */
    serverClock: Clock
    hub: Hub
    ledger: TruthLedger
    tradesPerFrame: number
    bookRepeatMs: number | null
  }) {
    this.#clock = options.clock
    this.#serverClock = options.serverClock
    this.#hub = options.hub
    this.#ledger = options.ledger
    this.#tradesPerFrame = options.tradesPerFrame
    this.#bookRepeatMs = options.bookRepeatMs ?? Infinity
  }

  trades(
    desk: Desk,
    trades: readonly TradeColumns[],
    perFrame: number = this.#tradesPerFrame,
  ): TradeTruth[] {
    const { category, symbol } = desk.instrument
    const topic = tradeTopic(desk.instrument)
    const option = desk.optionMarks
    const size = Math.min(perFrame, MAX_TRADES_PER_FRAME)
    const truths: TradeTruth[] = []
    for (let from = 0; from < trades.length; from += size) {
      const inFrame = trades.slice(from, from + size)
      const ts = Math.max(nowMs(this.#serverClock), inFrame.at(-1)?.exchangeTs ?? 0)
      // Before it is sent: a busy machine may let the receiver have its turn first.
      const producedAtUs = this.#clock.nowUs()
      const sentTo = this.#hub.publish(category, topic, () =>
        tradeFrameText(category, topic, ts, inFrame, option),
      )
      const items = inFrame.map(
        (trade): TradeTruth => ({ kind: 'trade', ...trade, option, producedAtUs, sentTo }),
      )
      this.#ledger.addTrades(category, symbol, items, sentTo.length > 0)
      desk.remember(items)
      truths.push(...items)
    }
    return truths
  }

  ticker(desk: Desk, message: TickerMessage): TickerTruth {
    const { category } = desk.instrument
    const topic = `tickers.${message.symbol}`
    desk.tickerSnapshot = null
    const producedAtUs = this.#clock.nowUs()
    const sentTo = this.#hub.publish(category, topic, () =>
      tickerFrameText(category, topic, message),
    )
    const truth: TickerTruth = { kind: 'ticker', category, ...message, producedAtUs, sentTo }
    this.#ledger.addTicker(truth)
    return truth
  }

  /** Sends a contract's ticker snapshot, the same one while nothing changes. */
  greetTicker(connection: Connection, topic: string, desk: Desk): void {
    if (desk.tickerSnapshot !== null) {
      this.#hub.deliver(connection, { topic, ...desk.tickerSnapshot })
      return
    }
    const message = desk.ticker.snapshot()
    if (message === null) return
    const { category } = desk.instrument
    const sentTo: number[] = []
    const producedAtUs = this.#clock.nowUs()
    const bytes = Buffer.from(tickerFrameText(category, topic, message))
    desk.tickerSnapshot = { sentTo, bytes }
    this.#hub.deliver(connection, { topic, bytes, sentTo })
    this.#ledger.addTicker({ kind: 'ticker', category, ...message, producedAtUs, sentTo })
  }

  /** Sends the book if it changed, or if it has stood still for long. */
  book(desk: Desk, hasChanged: boolean, now: number): void {
    const { category, symbol } = desk.instrument
    if (category === 'option') return
    if (!hasChanged && now - desk.bookSentMs < this.#bookRepeatMs) return
    desk.bookSentMs = now
    if (hasChanged) desk.standingBook = null
    const topic = `orderbook.1.${symbol}`
    this.#sendBook(desk, ({ sentTo }) => {
      const text = (): string => bookFrameText(category, symbol, now, desk.book.state)
      this.#hub.publish(category, topic, text, sentTo)
    })
  }

  greetBook(connection: Connection, topic: string, desk: Desk, now: number): void {
    const { category, symbol } = desk.instrument
    this.#sendBook(desk, ({ sentTo }) => {
      const bytes = Buffer.from(bookFrameText(category, symbol, now, desk.book.state))
      this.#hub.deliver(connection, { topic, bytes, sentTo })
    })
  }

  #sendBook(desk: Desk, send: (standing: StandingBook) => void): void {
    const standing = this.#standingBook(desk)
    const wasSent = standing.sentTo.length > 0
    send(standing)
    if (!wasSent && standing.sentTo.length > 0) this.#ledger.noteBookSent(standing.truth)
  }

  #standingBook(desk: Desk): StandingBook {
    if (desk.standingBook !== null) return desk.standingBook
    const { category, symbol } = desk.instrument
    const sentTo: number[] = []
    const producedAtUs = this.#clock.nowUs()
    const truth: BookTruth = {
      kind: 'book',
      category,
      symbol,
      ...desk.book.state,
      producedAtUs,
      sentTo,
    }
    this.#ledger.addBook(truth)
    desk.standingBook = { truth, sentTo }
    return desk.standingBook
  }
}

import { nowMs } from '@grid/core-events'
import type { Desk } from '../market/desk.ts'
import type { TradeOverrides } from '../market/trade-tape.ts'
import type { TradeColumns, TradeTruth } from '../truth/trade-truth.ts'
import { STEP_MS, type SymbolChannel, type Tick, type Wire } from './symbol-channel.ts'
import { MAX_TRADES_PER_FRAME, tradeFrameText } from './trade-frame.ts'

/** The trades of one instrument: `publicTrade.{symbol}`, for options `publicTrade.{baseCoin}`. */
export class TradeChannel implements SymbolChannel {
  readonly topic: string
  readonly #desk: Desk
  readonly #wire: Wire

  constructor(desk: Desk, wire: Wire) {
    const { category, symbol, baseCoin } = desk.instrument
    this.topic = `publicTrade.${category === 'option' ? baseCoin : symbol}`
    this.#desk = desk
    this.#wire = wire
  }

  step({ step, now }: Tick): void {
    if (!this.#desk.listing.isTrading) return
    const perStep = (this.#wire.pace.tradesPerSecond * STEP_MS) / 1000
    const count = Math.floor((step + 1) * perStep) - Math.floor(step * perStep)
    if (count > 0) this.#publish(this.#desk.tape.trades(count, now))
  }

  /** Publishes one match placed by hand. */
  match(count: number, overrides: TradeOverrides, perFrame?: number): TradeTruth[] {
    const now = nowMs(this.#wire.serverClock)
    return this.#publish(this.#desk.tape.match(count, now, overrides), perFrame)
  }

  #publish(trades: readonly TradeColumns[], perFrame?: number): TradeTruth[] {
    const { clock, serverClock, hub, ledger, pace } = this.#wire
    const { category } = this.#desk.instrument
    const option = this.#desk.optionMarks
    const size = Math.min(perFrame ?? pace.tradesPerFrame, MAX_TRADES_PER_FRAME)
    const truths: TradeTruth[] = []
    for (let from = 0; from < trades.length; from += size) {
      const inFrame = trades.slice(from, from + size)
      const ts = Math.max(nowMs(serverClock), inFrame.at(-1)?.exchangeTs ?? 0)
      // Stamped before the write: on a busy machine the receiver may run first.
      const producedAtUs = clock.nowUs()
      const sentTo = hub.publish(category, this.topic, () =>
        tradeFrameText(category, this.topic, ts, inFrame, option),
      )
      const items = inFrame.map(
        (trade): TradeTruth => ({ kind: 'trade', ...trade, option, producedAtUs, sentTo }),
      )
      for (const item of items) ledger.add(item)
      this.#desk.remember(items)
      truths.push(...items)
    }
    return truths
  }
}

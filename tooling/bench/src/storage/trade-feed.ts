import { randomUUID } from 'node:crypto'
import type { Decimal, PublicTradeEvent } from '@grid/core-events'

/** The day that the benchmarks write to. */
export const DAY = Date.UTC(2025, 9, 10)
export const DAY_MS = 86_400_000
/** The instruments that trade at the same time. */
export const SYMBOLS: readonly string[] = Array.from({ length: 200 }, (_, n) => `S${n}USDT`)

const TICKS = ['PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick']

/** Generates trades of {@link SYMBOLS} in the order of their times, as a market sends them. */
export class TradeFeed {
  #now: number
  #seq = 190_000_000_000

  /** `from` is the time of the first, in epoch milliseconds. */
  constructor(from: number) {
    this.#now = from
  }

  next(count: number): PublicTradeEvent[] {
    return Array.from({ length: count }, () => this.#trade())
  }

  #trade(): PublicTradeEvent {
    this.#now += Math.random() < 0.1 ? 1 : 0
    this.#seq += 1
    return {
      channel: 'publicTrade',
      category: 'linear',
      symbol: pick(SYMBOLS),
      exchangeTs: this.#now,
      localTsUs: this.#now * 1000 + Math.floor(Math.random() * 90_000),
      source: 'ws',
      tradeId: randomUUID(),
      side: Math.random() < 0.5 ? 'Buy' : 'Sell',
      price: (60_000 + Math.random() * 1000).toFixed(2) as Decimal,
      size: Math.random().toFixed(3) as Decimal,
      tickDirection: pick(TICKS),
      isBlockTrade: false,
      isRpiTrade: false,
      seq: this.#seq,
      matchIndex: 0,
      markPrice: null,
      indexPrice: null,
      markIv: null,
      iv: null,
    }
  }
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item
}

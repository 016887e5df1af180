import type { Decimal, PublicTradeEvent, TickerEvent } from '@grid/core-events'
import { TICKER_FIELD_NAMES } from '@grid/core-events'

/** 2025-10-09 08:53:20.101 UTC. */
export const T0 = 1_760_000_000_101

export function decimal(text: string): Decimal {
  return text as Decimal
}

export function trade(overrides: Partial<PublicTradeEvent> = {}): PublicTradeEvent {
  return {
    channel: 'publicTrade',
    category: 'linear',
    symbol: 'BTCUSDT',
    exchangeTs: T0,
    localTsUs: T0 * 1000 + 7_123,
    source: 'ws',
    tradeId: '6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b',
    side: 'Buy',
    price: decimal('100000.10'),
    size: decimal('0.003'),
    tickDirection: 'PlusTick',
    isBlockTrade: false,
    isRpiTrade: null,
    seq: 190_000_000_001,
    matchIndex: 0,
    markPrice: null,
    indexPrice: null,
    markIv: null,
    iv: null,
    ...overrides,
  }
}

export function ticker(overrides: Partial<TickerEvent> = {}): TickerEvent {
  const nothing = Object.fromEntries(TICKER_FIELD_NAMES.map((name) => [name, null]))
  return {
    channel: 'ticker',
    category: 'linear',
    symbol: 'BTCUSDT',
    exchangeTs: T0,
    localTsUs: T0 * 1000 + 7_123,
    source: 'ws',
    seq: 190_000_000_001,
    isSnapshot: false,
    changed: 0,
    extra: null,
    ...(nothing as Record<(typeof TICKER_FIELD_NAMES)[number], null>),
    ...overrides,
  }
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

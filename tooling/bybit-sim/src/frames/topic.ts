import type { Category } from '@grid/core-events'

/** What a topic names: the kind of data, and an instrument or, for option trades, a coin. */
export interface Topic {
  readonly kind: 'tickers' | 'publicTrade' | 'orderbook.1'
  readonly target: string
}

const TOPIC = /^(tickers|publicTrade|orderbook\.1)\.([^.]+)$/

/** Reads a topic; null when nothing here produces its kind. */
export function parseTopic(category: Category, topic: string): Topic | null {
  const [, kind, target] = TOPIC.exec(topic) ?? []
  if (kind === undefined || target === undefined) return null
  if (category === 'option' && kind === 'orderbook.1') return null
  return { kind: kind as Topic['kind'], target }
}

/** Where the trades of an instrument are published: options by their coin. */
export function tradeTopic(instrument: {
  readonly category: Category
  readonly symbol: string
  readonly baseCoin: string
}): string {
  const { category, symbol, baseCoin } = instrument
  return `publicTrade.${category === 'option' ? baseCoin : symbol}`
}

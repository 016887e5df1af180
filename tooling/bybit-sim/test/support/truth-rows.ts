import type { Truth } from '../../src/index.ts'

/** The trades of the truth that one connection was sent, as `tradeRows` writes them. */
export function truthTradeRows(truth: Truth, symbol: string, connection: number): unknown[][] {
  return truth.trades
    .filter((t) => t.symbol === symbol && t.sentTo.includes(connection))
    .map((t) => [
      t.symbol,
      t.exchangeTs,
      t.tradeId,
      t.side,
      t.price,
      t.size,
      t.tickDirection,
      t.isBlockTrade,
      t.isRpiTrade,
      t.seq,
      t.matchIndex,
    ])
}

/** The ticker messages of the truth that one connection was sent, as `tickerRows` writes them. */
export function truthTickerRows(truth: Truth, symbol: string, connection: number): unknown[][] {
  return truth.tickers
    .filter((t) => t.symbol === symbol && t.sentTo.includes(connection))
    .map((t) => [t.symbol, t.exchangeTs, t.seq, t.isSnapshot, t.values, t.sentKeys])
}

import type { PublicTradeEvent } from '@grid/core-events'
import { columnsOf } from '../../columns/column.ts'
import { compareValues, type DailyTable } from '../shape/event-table.ts'
import { HashedLookup } from '../shape/hashed-lookup.ts'
import { tradeDetails, tradeFlags } from './trade-packing.ts'

const COLUMNS = columnsOf<'public_trades_wide', PublicTradeEvent, 'channel'>({
  // The order of exported files, which those of earlier versions have as well.
  category: 'text',
  symbol: 'text',
  exchangeTs: 'ms',
  tradeId: 'text',
  localTsUs: 'us',
  side: 'text',
  price: 'numeric',
  size: 'numeric',
  tickDirection: 'text',
  isBlockTrade: 'boolean',
  isRpiTrade: 'boolean',
  seq: 'bigint',
  matchIndex: 'integer',
  markPrice: 'numeric',
  indexPrice: 'numeric',
  markIv: 'numeric',
  iv: 'numeric',
  source: 'text',
})

/** Fields that the table packs into `category`, `flags` and `details`; the view gives each its column. */
const PACKED: ReadonlySet<keyof PublicTradeEvent> = new Set([
  'category',
  'tickDirection',
  'isBlockTrade',
  'isRpiTrade',
  'markPrice',
  'indexPrice',
  'markIv',
  'iv',
])

/** Where and how public trades are stored. */
export const PUBLIC_TRADES: DailyTable<PublicTradeEvent> = {
  channel: 'publicTrade',
  table: 'public_trades',
  view: 'public_trades_wide',
  columns: COLUMNS,
  written: [
    ...COLUMNS.filter(({ field }) => !PACKED.has(field)),
    { name: 'category', kind: 'category', pack: ({ category }) => category },
    { name: 'flags', kind: 'integer', pack: tradeFlags },
    { name: 'details', kind: 'text', pack: tradeDetails },
  ],
  key: ['category', 'symbol', 'exchangeTs', 'tradeId'],
  // Source of the functions: migration 0006.
  lookup: new HashedLookup({
    stream: 'trade_stream_key',
    second: 'trade_second',
    id: 'trade_id_key',
    idColumns: ['category', 'symbol', 'trade_id', 'exchange_ts'],
  }),
  compare: (a, b) =>
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    a.exchangeTs - b.exchangeTs ||
    compareValues(a.tradeId, b.tradeId),
  order: ['public_trades.seq', 'public_trades.match_index', 'public_trades.trade_id'],
  // Not match_index: a collector that joined in the middle of a match counts from there.
  immutable: [
    { field: 'side' },
    { field: 'price' },
    { field: 'size' },
    { field: 'isBlockTrade' },
    { field: 'isRpiTrade' },
    // REST gives trades without what is null there.
    { field: 'tickDirection' },
    { field: 'markPrice' },
    { field: 'indexPrice' },
    { field: 'markIv' },
    { field: 'iv' },
    { field: 'seq', bothKnow: (stored, offered) => `${stored}.seq >= 0 and ${offered}.seq >= 0` },
  ],
  grants: { writer: 'select, insert', reader: 'select' },
  // Before tickers: a ticker of the same instant may already reflect the trade.
  rank: 10,
}

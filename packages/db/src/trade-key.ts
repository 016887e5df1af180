import type { HashedKey } from './scope-sql.ts'

/**
 * How trades are looked up: by 16 bytes in place of category, symbol, time and id, a fifth of the
 * bytes of an index of those columns. Source: migration 0006.
 */
export const TRADE_KEY: HashedKey = {
  stream: (category, symbol) => `trade_stream_key(${category}, ${symbol})`,
  second: (instant) => `trade_second(${instant})`,
  id: (row) => idKey(`${row}.trade_id`, `${row}.exchange_ts`),
}

/**
 * SQL of the columns of the unique key of a day. PostgreSQL fills the pages of such an index, and
 * splits those of a wider one in halves that never fill again.
 */
export const TRADE_KEY_SQL: string = [
  TRADE_KEY.stream('category', 'symbol'),
  TRADE_KEY.second('exchange_ts'),
  idKey('trade_id', 'exchange_ts'),
].join(', ')

/** SQL of the key of a trade's id at an instant. */
function idKey(tradeId: string, instant: string): string {
  return `trade_id_key(${tradeId}, ${instant})`
}

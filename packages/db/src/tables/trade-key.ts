import type { HashedKey } from './scope-sql.ts'

/**
 * How trades are looked up: by 16 bytes in place of category, symbol, time and id, a fifth of the
 * bytes of an index of those columns. Source: migration 0006.
 */
export const TRADE_KEY: HashedKey = {
  stream: (category, symbol) => `trade_stream_key(${category}, ${symbol})`,
  second: (instant) => `trade_second(${instant})`,
  id: (row) => idKey(`${row}.`),
}

/**
 * SQL of the columns of the unique key of a day. PostgreSQL fills the pages of such an index, and
 * splits those of a wider one in halves that never fill again.
 */
export const TRADE_KEY_SQL: string = [
  TRADE_KEY.stream('category', 'symbol'),
  TRADE_KEY.second('exchange_ts'),
  idKey(''),
].join(', ')

/** SQL of the key of a whole identity: that of the stream alone is one of 32 bits, which some share. */
function idKey(row: string): string {
  const columns = ['category', 'symbol', 'trade_id', 'exchange_ts']
  return `trade_id_key(${columns.map((column) => `${row}${column}`).join(', ')})`
}

import { pipeline } from 'node:stream/promises'
import type { PublicTradeEvent } from '@grid/core-events'
import type { GridDatabase } from '@grid/db'
import type { Insertable, Kysely } from 'kysely'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

/** The predecessor's table of trades, with its three indexes. */
export const PREDECESSOR = `create table predecessor_trades (
  id bigserial primary key,
  symbol varchar(20) not null,
  trade_id varchar(50) not null,
  exchange_ts timestamptz not null,
  local_ts timestamptz not null,
  side varchar(4) not null,
  price numeric(20,8) not null,
  size numeric(20,8) not null
);
create unique index ix_trade_id on predecessor_trades (trade_id);
create index ix_symbol_exchange_ts on predecessor_trades (symbol, exchange_ts)`

/** `flags` of a trade that is neither a block nor an RPI trade; the rivals need not compute it. */
const FLAGS = 41

/** Inserts with Kysely's multi-row `VALUES` into our table. */
export async function insertValues(
  db: Kysely<GridDatabase>,
  trades: readonly PublicTradeEvent[],
): Promise<void> {
  const rows = trades.map(
    (trade): Insertable<GridDatabase['public_trades']> => ({
      category: trade.category,
      symbol: trade.symbol,
      exchange_ts: new Date(trade.exchangeTs),
      trade_id: trade.tradeId,
      local_ts: new Date(trade.localTsUs / 1000),
      side: trade.side,
      price: trade.price,
      size: trade.size,
      flags: FLAGS,
      details: '',
      seq: trade.seq,
      match_index: trade.matchIndex,
      source: trade.source,
    }),
  )
  await db
    .insertInto('public_trades')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

interface PredecessorRow {
  symbol: string
  trade_id: string
  exchange_ts: Date
  local_ts: Date
  side: string
  price: string
  size: string
}

/** Inserts with Kysely's multi-row `VALUES` into the predecessor's table. */
export async function insertPredecessorValues(
  db: Kysely<GridDatabase>,
  trades: readonly PublicTradeEvent[],
): Promise<void> {
  // Sound: the benchmark made that table.
  const predecessor = db as unknown as Kysely<{ predecessor_trades: PredecessorRow }>
  const rows = trades.map((trade) => ({
    symbol: trade.symbol,
    trade_id: trade.tradeId,
    exchange_ts: new Date(trade.exchangeTs),
    local_ts: new Date(trade.localTsUs / 1000),
    side: trade.side,
    price: trade.price,
    size: trade.size,
  }))
  await predecessor
    .insertInto('predecessor_trades')
    .values(rows)
    .onConflict((conflict) => conflict.column('trade_id').doNothing())
    .execute()
}

const FIELDS = [
  ['category', (trade) => trade.category],
  ['symbol', (trade) => trade.symbol],
  ['exchange_ts', (trade) => new Date(trade.exchangeTs).toISOString()],
  ['trade_id', (trade) => trade.tradeId],
  ['local_ts', (trade) => microsecondText(trade.localTsUs)],
  ['side', (trade) => trade.side],
  ['price', (trade) => trade.price],
  ['size', (trade) => trade.size],
  ['flags', () => FLAGS],
  ['details', () => ''],
  ['seq', (trade) => trade.seq],
  ['match_index', (trade) => trade.matchIndex],
  ['source', (trade) => trade.source],
] as const satisfies readonly (readonly [
  keyof GridDatabase['public_trades'],
  (trade: PublicTradeEvent) => string | number | boolean,
])[]

/** Inserts with `COPY` in text form, which cannot skip duplicates. */
export async function copyText(
  client: pg.Client,
  trades: readonly PublicTradeEvent[],
): Promise<void> {
  const names = FIELDS.map(([name]) => name).join(', ')
  const lines = trades.map((trade) => `${FIELDS.map(([, textOf]) => textOf(trade)).join('\t')}\n`)
  const stream = client.query(copyFrom(`copy public_trades (${names}) from stdin`))
  await pipeline([lines.join('')], stream)
}

function microsecondText(us: number): string {
  const ms = Math.floor(us / 1000)
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`
}

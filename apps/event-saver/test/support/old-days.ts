import { ensurePartitions, type GridDatabase } from '@grid/db'
import { type Kysely, sql } from 'kysely'

const DAY_MS = 86_400_000

/** A time some days before now, in epoch milliseconds. */
export const daysAgo = (days: number): number => Date.now() - days * DAY_MS

/** The UTC day of a time, as `2026-11-21`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Stores one trade at each time. */
export async function storeTrades(
  db: Kysely<GridDatabase>,
  ...times: readonly number[]
): Promise<void> {
  await ensurePartitions(db, 'public_trades', [...times])
  for (const ms of times) {
    await sql`insert into public_trades
      (category, symbol, exchange_ts, trade_id, local_ts, side, price, size, source)
      values ('linear', 'BTCUSDT', to_timestamp(${ms / 1000}), 't', now(), 'Buy', 1, 1, 'ws')`.execute(
      db,
    )
  }
}

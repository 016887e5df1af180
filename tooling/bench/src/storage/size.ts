import { ensurePartitions, freezeClosedDays } from '@grid/db'
import type pg from 'pg'
import { loadTrades } from './load-trades.ts'
import { PREDECESSOR } from './rivals.ts'
import { judge, type Report, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { tickerSize } from './ticker-size.ts'
import { DAY } from './trade-feed.ts'

const LOADED = 2_000_000

/** Compares the bytes of trades and of tickers on disk with those of other tables of the same rows. */
export async function storageSize(): Promise<Report> {
  const [trades, tickers] = [await tradeSize(), await tickerSize()]
  return {
    lines: [...trades.lines, ...tickers.lines],
    failed: trades.failed || tickers.failed,
  }
}

/**
 * Compares the bytes of a trade on disk, indexes included, with the predecessor's table of the same
 * rows: for a day that is still open, and after it was closed.
 */
async function tradeSize(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db } = scratch
  await ensurePartitions(db, 'public_trades', [DAY])
  await client.query(PREDECESSOR)
  await loadTrades(client, LOADED, { predecessor: true })
  const predecessor = await bytesOf(client, 'predecessor_trades')
  const written = await bytesOf(client, 'public_trades_y2025m10d10')
  const { postponed } = await freezeClosedDays(db)
  if (postponed.length > 0) throw new Error('the day was not closed: end other transactions')
  const closed = await bytesOf(client, 'public_trades_y2025m10d10')
  return together(
    `bytes a trade on disk, indexes included, ${LOADED} rows written in batches: ${written.toFixed(0)}, ${closed.toFixed(0)} once the day is closed; the predecessor's ${predecessor.toFixed(0)}`,
    judge('ratio of the open day', [written / predecessor], { atMost: 0.6 }),
    judge('ratio of the closed day', [closed / predecessor], { atMost: 0.6 }),
  )
}

async function bytesOf(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    'select pg_total_relation_size($1::regclass) as bytes',
    [table],
  )
  return Number(rows[0]?.bytes) / LOADED
}

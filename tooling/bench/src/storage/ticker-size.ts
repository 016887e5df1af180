import type { Category } from '@grid/core-events'
import { ensurePartitions, freezeClosedDays, TickerSnapshotRepository } from '@grid/db'
import type pg from 'pg'
import { createFormer, FORMER, insertFormer } from './former-tickers.ts'
import { type Bound, judge, type Report, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { TickerFeed } from './ticker-feed.ts'
import { DAY, DAY_MS } from './trade-feed.ts'

const SYMBOLS = 24
const ROWS = 48_000
/** What a saver stores at once, by its default interval. */
const FLUSHES_A_SECOND = 2

interface Market {
  readonly category: Category
  /** Messages a second and symbol. */
  readonly rate: number
  /** Whether all symbols have a message at each instant. */
  readonly isInStep?: boolean
  /** The share of the former bytes asked for. */
  readonly bound: Bound
}

const NARROW: Bound = { atMost: 0.45, failsAt: 0.47 }
const NOT_WIDER: Bound = { atMost: 1, failsAt: 1 }
const MARKETS: readonly Market[] = [
  { category: 'linear', rate: 1, bound: NARROW },
  { category: 'linear', rate: 3, bound: NARROW },
  { category: 'linear', rate: 10, bound: NARROW },
  { category: 'linear', rate: 10, isInStep: true, bound: NARROW },
  { category: 'inverse', rate: 1, bound: NARROW },
  { category: 'spot', rate: 3, bound: NOT_WIDER },
  { category: 'option', rate: 1, bound: NOT_WIDER },
]

/** Compares the bytes of a ticker on disk, indexes included, with those of a whole row under a plain key. */
export async function tickerSize(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db } = scratch
  const tickers = new TickerSnapshotRepository(db)
  await createFormer(client, tickers.columns)
  const reports: Report[] = []
  for (const [index, { category, rate, isInStep = false, bound }] of MARKETS.entries()) {
    const day = DAY - index * DAY_MS
    await ensurePartitions(db, 'ticker_snapshots', [day])
    await client.query(`truncate ${FORMER}`)
    const everyMs = 1000 / rate
    const feed = new TickerFeed(category, { from: day, symbols: SYMBOLS, everyMs, isInStep })
    const batch = Math.ceil((SYMBOLS * rate) / FLUSHES_A_SECOND)
    for (let stored = 0; stored < ROWS; stored += batch) {
      const events = feed.next(batch)
      await tickers.bulkInsert(events)
      await insertFormer(client, tickers.columns, events)
    }
    const was = await bytesOf(client, FORMER)
    const name = `ticker_snapshots_y${new Date(day).toISOString().slice(0, 10).replace('-', 'm').replace('-', 'd')}`
    const open = await bytesOf(client, name)
    await freezeClosedDays(db, { table: 'ticker_snapshots' })
    const closed = await bytesOf(client, name)
    const what = `${category}, ${rate} a second and symbol${isInStep ? ', in step' : ''}: ${open.toFixed(0)} in place of ${was.toFixed(0)}, ${closed.toFixed(0)} once the day is closed; ratio of the open day`
    reports.push(judge(what, [open / was], bound))
  }
  return together(
    `bytes a ticker on disk, indexes included, ${ROWS} rows of ${SYMBOLS} symbols in batches of half a second`,
    ...reports,
  )
}

async function bytesOf(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string; count: string }>(
    `select pg_total_relation_size('${table}') as bytes, count(*) as count from ${table}`,
  )
  return Number(rows[0]?.bytes) / Number(rows[0]?.count)
}

import type { Category } from '@grid/core-events'
import { ensurePartitions, TickerSnapshotRepository } from '@grid/db'
import { createFormer, FORMER, insertFormer } from './former-tickers.ts'
import { inTurns, judge, type Report, ratios, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { TickerFeed } from './ticker-feed.ts'
import { DAY, DAY_MS } from './trade-feed.ts'

const ROUNDS = 15
const BATCH = 1000
const BATCHES = 10
/** Markets, and the symbols of each; one message a second. */
const MARKETS: readonly (readonly [Category, number])[] = [
  ['linear', 24],
  ['linear', 600],
  ['spot', 24],
  ['option', 24],
]

/** Compares inserting tickers with inserting them as whole rows under a key of plain columns. */
export async function tickerInsert(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db } = scratch
  const tickers = new TickerSnapshotRepository(db)
  await createFormer(client, tickers.columns)
  const reports: Report[] = []
  for (const [index, [category, symbols]] of MARKETS.entries()) {
    const day = DAY - index * DAY_MS
    await ensurePartitions(db, 'ticker_snapshots', [day])
    await client.query(`truncate ${FORMER}`)
    // Two feeds in step: each side stores rows of the same times.
    const feeds = [0, 1].map(() => new TickerFeed(category, { from: day, symbols, everyMs: 1000 }))
    const timed = async (place: number, insert: typeof now): Promise<number> => {
      const batches = Array.from({ length: BATCHES }, () => feeds[place]?.next(BATCH) ?? [])
      const begun = performance.now()
      for (const batch of batches) await insert(batch)
      return performance.now() - begun
    }
    const now = async (batch: Parameters<typeof insertFormer>[2]): Promise<void> => {
      await tickers.bulkInsert(batch)
    }
    const times = await inTurns(ROUNDS, {
      now: () => timed(0, now),
      former: () => timed(1, (batch) => insertFormer(client, tickers.columns, batch)),
    })
    reports.push(
      judge(`${category}, ${symbols} symbols`, ratios(times.former, times.now), {
        atLeast: 1,
        failsAt: 0.85,
      }),
    )
  }
  return together(
    `inserting batches of ${BATCH} tickers, ${ROUNDS} rounds of ${BATCHES} batches, in turns with whole rows under a plain key: ratios of speed`,
    ...reports,
  )
}

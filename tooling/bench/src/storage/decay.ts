import { ensurePartitions } from '@grid/db'
import { loadTrades } from './load-trades.ts'
import { judge, type Report, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { DAY, DAY_MS, SYMBOLS, TradeFeed } from './trade-feed.ts'

const ROUNDS = 15
const BATCH = 1000
const BATCHES = 20
const LOADED = 10_000_000

/** Compares inserting into a full day's partition with inserting into an empty one. */
export async function insertDecay(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db, trades } = scratch
  const emptyDay = DAY - DAY_MS
  await ensurePartitions(db, 'public_trades', [DAY, emptyDay])
  await loadTrades(client, LOADED)
  const full = new TradeFeed(DAY + DAY_MS - 3_600_000)
  const insert = async (feed: TradeFeed): Promise<number> => {
    const batch = feed.next(BATCH)
    const begun = performance.now()
    await trades.bulkInsert(batch)
    return performance.now() - begun
  }
  const decays: number[] = []
  await client.query('checkpoint')
  for (let round = -1; round < ROUNDS; round++) {
    await client.query('truncate public_trades_y2025m10d09')
    const empty = new TradeFeed(emptyDay)
    let intoFull = 0
    let intoEmpty = 0
    for (let index = 0; index < BATCHES; index++) {
      const isFullFirst = index % 2 === 0
      if (isFullFirst) intoFull += await insert(full)
      intoEmpty += await insert(empty)
      if (!isFullFirst) intoFull += await insert(full)
    }
    if (round >= 0) decays.push(intoFull / intoEmpty)
  }
  return together(
    `inserting batches of ${BATCH} trades by turns into a partition of ${LOADED} rows of ${SYMBOLS.length} symbols and into an empty one`,
    judge('time, in multiples of that into the empty one', decays, { atMost: 1.3 }),
  )
}

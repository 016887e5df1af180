import { ensurePartitions } from '@grid/db'
import { inTurns, judge, type Report, ratios, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { DAY, TradeFeed } from './trade-feed.ts'

const ROUNDS = 10
const BATCH = 1000
const BATCHES = 100

/** Compares two writers of the same trades, as with two collectors, with one writer. */
export async function twoWriters(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db, trades } = scratch
  await ensurePartitions(db, 'public_trades', [DAY])
  const feed = new TradeFeed(DAY)
  let stored = 0
  let sent = 0
  const write = async (writers: number): Promise<number> => {
    const batches = Array.from({ length: BATCHES }, () => feed.next(BATCH))
    sent += BATCH * BATCHES
    const begun = performance.now()
    const writer = async (): Promise<void> => {
      for (const batch of batches) {
        const { inserted } = await trades.bulkInsert(batch)
        stored += inserted
      }
    }
    await Promise.all(Array.from({ length: writers }, writer))
    return performance.now() - begun
  }
  const times = await inTurns(ROUNDS, { one: () => write(1), two: () => write(2) })
  const { rows } = await client.query<{ trades: string }>(
    'select count(*) as trades from (select distinct trade_id from public_trades) as each_trade',
  )
  const isWhole = stored === sent && Number(rows[0]?.trades) === sent
  return together(
    `two writers of the same trades at once, ${ROUNDS} rounds of ${BATCH * BATCHES} trades`,
    {
      lines: [`  trades ${sent}, reported as inserted ${stored}, in the table ${rows[0]?.trades}`],
      failed: !isWhole,
    },
    judge("trades stored a second, in multiples of one writer's", ratios(times.one, times.two), {
      atLeast: 0.8,
    }),
  )
}

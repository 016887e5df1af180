import { randomUUID } from 'node:crypto'
import type { PublicTradeEvent } from '@grid/core-events'
import { ensurePartitions, JournalPositionRepository } from '@grid/db'
import { loadTrades } from './load-trades.ts'
import { copyText, insertPredecessorValues, insertValues, PREDECESSOR } from './rivals.ts'
import { type Contender, inTurns, judge, type Report, ratios, together } from './rounds.ts'
import { openScratchDatabase, type ScratchDatabase } from './scratch-database.ts'
import { DAY, DAY_MS, TradeFeed } from './trade-feed.ts'

const ROUNDS = 15
const BATCH = 1000
const BATCHES = 10
const LOADED = 2_000_000

type Insert = (trades: readonly PublicTradeEvent[]) => Promise<unknown>

/** Compares our inserts, of new and of known trades, with Kysely `VALUES` and with `COPY`. */
export async function insertSpeed(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db, trades } = scratch
  await ensurePartitions(db, 'public_trades', [DAY])
  const inserts = {
    ours: (batch) => trades.bulkInsert(batch),
    values: (batch) => insertValues(db, batch),
    copy: (batch) => copyText(client, batch),
  } as const satisfies Record<string, Insert>
  const fresh = await inTurns(ROUNDS, {
    ours: intoEmpty(scratch, inserts.ours),
    values: intoEmpty(scratch, inserts.values),
    copy: intoEmpty(scratch, inserts.copy),
  })
  const known = batchesOf(new TradeFeed(DAY))
  await timed(known, inserts.ours)
  const again = await inTurns(ROUNDS, {
    ours: () => timed(known, inserts.ours),
    values: () => timed(known, inserts.values),
  })
  const positions = await inTurns(ROUNDS, {
    moved: intoEmpty(scratch, movingPosition(scratch)),
    alone: intoEmpty(scratch, inserts.ours),
  })
  await client.query(`truncate public_trades; ${PREDECESSOR}`)
  await loadTrades(client, LOADED, { predecessor: true })
  const feed = new TradeFeed(DAY + DAY_MS - 3_600_000)
  const loaded = await inTurns(ROUNDS, {
    ours: () => timed(batchesOf(feed), inserts.ours),
    predecessor: () => timed(batchesOf(feed), (batch) => insertPredecessorValues(db, batch)),
  })
  return together(
    `inserting batches of ${BATCH} trades, all columns, ${ROUNDS} rounds of ${BATCHES} batches, in turns: medians of ratios of speed, with the middle half`,
    judge('against Kysely VALUES', ratios(fresh.values, fresh.ours), {
      atLeast: 1.7,
      failsAt: 1.5,
    }),
    judge('against text COPY', ratios(fresh.copy, fresh.ours), { atLeast: 0.75, failsAt: 0.7 }),
    judge('all duplicates, against Kysely VALUES', ratios(again.values, again.ours), {
      atLeast: 1.6,
    }),
    judge('with a position moved beside each batch', ratios(positions.alone, positions.moved), {
      atLeast: 0.9,
      failsAt: 0.8,
    }),
    judge(
      `with ${LOADED} rows, against Kysely VALUES into the predecessor's table of as many`,
      ratios(loaded.predecessor, loaded.ours),
      { atLeast: 2.5 },
    ),
  )
}

/** Inserts as a saver does that has a journal. */
function movingPosition({ db, trades }: ScratchDatabase): Insert {
  const positions = new JournalPositionRepository(db)
  const owner = { collector: 'bench', journalId: randomUUID(), channel: 'publicTrade' }
  let from: number | null = null
  return (batch) => {
    const to = (from ?? 0) + batch.length
    return trades.bulkInsert(batch, {
      beside: async (trx) => {
        if (!(await positions.move(trx, { ...owner, from, to }))) throw new Error('not moved')
        from = to
      },
    })
  }
}

function intoEmpty({ client }: ScratchDatabase, insert: Insert): Contender {
  return async () => {
    await client.query('truncate public_trades')
    await client.query('checkpoint')
    return timed(batchesOf(new TradeFeed(DAY)), insert)
  }
}

function batchesOf(feed: TradeFeed): readonly PublicTradeEvent[][] {
  return Array.from({ length: BATCHES }, () => feed.next(BATCH))
}

async function timed(batches: readonly PublicTradeEvent[][], insert: Insert): Promise<number> {
  const begun = performance.now()
  for (const batch of batches) await insert(batch)
  return performance.now() - begun
}

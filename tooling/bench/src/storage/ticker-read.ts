import { ensurePartitions, TickerSnapshotRepository } from '@grid/db'
import type pg from 'pg'
import { inTurns, judge, type Report, ratios, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { TickerFeed } from './ticker-feed.ts'
import { DAY, DAY_MS } from './trade-feed.ts'

const ROUNDS = 15
const SYMBOLS = 600
const ASKED = 200
const LOADED = 600_000
const BATCH = 1000
const FORMER_DAY = DAY - DAY_MS

/** Measures the states of many symbols at a time, and compares a symbol's day with one of whole rows. */
export async function tickerRead(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db } = scratch
  const tickers = new TickerSnapshotRepository(db)
  await ensurePartitions(db, 'ticker_snapshots', [DAY])
  // A minute less, so that the last one is of the day.
  const everyMs = ((DAY_MS - 60_000) * SYMBOLS) / LOADED
  const feed = new TickerFeed('linear', { from: DAY, symbols: SYMBOLS, everyMs })
  for (let stored = 0; stored < LOADED; stored += BATCH) await tickers.bulkInsert(feed.next(BATCH))
  await copyWhole(client, feed.symbols)
  await client.query('vacuum (analyze) ticker_snapshots')

  const symbolsOf = (turn: number): readonly string[] =>
    feed.symbols.filter((_, place) => (place + turn) % (SYMBOLS / ASKED) === 0)
  const states = await inTurns(3 * ROUNDS, {
    asOf: async () => {
      const turn = Math.floor(Math.random() * 1000)
      const at = DAY + DAY_MS / 5 + Math.floor((Math.random() * DAY_MS * 3) / 4)
      const begun = performance.now()
      const { size } = await tickers.asOf({ category: 'linear', symbols: symbolsOf(turn), at })
      if (size !== ASKED) throw new Error(`${size} states in place of ${ASKED}`)
      return performance.now() - begun
    },
  })
  const rows = { now: 0, former: 0 }
  const turns = { now: 0, former: 0 }
  // Each reads twice and times the second: the first loads the pages.
  const readDay = (side: 'now' | 'former', day: number) => async (): Promise<number> => {
    const symbol = feed.symbols[(31 * turns[side]++) % SYMBOLS] as string
    let begun = 0
    for (const _ of [1, 2]) {
      begun = performance.now()
      const query = { category: 'linear', symbol, from: day, to: day + DAY_MS } as const
      for await (const _ of tickers.range(query)) rows[side] += 1
    }
    return performance.now() - begun
  }
  const days = await inTurns(ROUNDS, {
    now: readDay('now', DAY),
    former: readDay('former', FORMER_DAY),
  })
  if (rows.now !== rows.former) throw new Error(`${rows.now} rows read, ${rows.former} of before`)
  return together(
    `reading from a day of ${LOADED} linear tickers of ${SYMBOLS} symbols`,
    judge(`the states of ${ASKED} symbols at a time, in ms`, states.asOf, { atMost: 50 }),
    judge(
      "a symbol's day, in multiples of one of whole rows under a primary key",
      ratios(days.now, days.former),
      { atMost: 1.2 },
    ),
  )
}

/** Stores the day's rows whole on the day before, as a day that was stored before rows were narrowed. */
async function copyWhole(client: pg.Client, symbols: readonly string[]): Promise<void> {
  const [from, to] = [FORMER_DAY, DAY].map((time) => new Date(time).toISOString())
  const day = `ticker_snapshots_y${from?.slice(0, 10).replace('-', 'm').replace('-', 'd')}`
  await client.query(`create table ${day} (like ticker_snapshots including all)`)
  for (const symbol of symbols) {
    await client.query(
      `insert into ${day} select * from ticker_snapshots_of('linear', '${symbol}')`,
    )
  }
  await client.query(`update ${day} set exchange_ts = exchange_ts - interval '1 day'`)
  await client.query(
    `alter table ${day} add primary key (category, symbol, exchange_ts, seq, is_snapshot)`,
  )
  await client.query(`vacuum full ${day}`)
  await client.query(`alter table ticker_snapshots attach partition ${day}
    for values from ('${from}') to ('${to}')`)
}

import { finished } from 'node:stream/promises'
import { ensurePartitions } from '@grid/db'
import { to as copyTo } from 'pg-copy-streams'
import { loadTrades } from './load-trades.ts'
import { inTurns, judge, type Report, ratios, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { DAY, DAY_MS, SYMBOLS } from './trade-feed.ts'

const ROUNDS = 9
const LOADED = 10_000_000
const HOUR_MS = 3_600_000

/** Measures the first row of an hour, and compares reading an instrument's day with an ordered `COPY TO`. */
export async function readSpeed(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db, trades } = scratch
  await ensurePartitions(db, 'public_trades', [DAY])
  await loadTrades(client, LOADED)

  const firsts: number[] = []
  for (let round = 0; round < 3 * ROUNDS; round++) {
    const from = DAY + (round % 23) * HOUR_MS
    const query = { category: 'linear', symbol: symbolOf(7 * round + 3), from, to: from + HOUR_MS }
    const begun = performance.now()
    for await (const _ of trades.range({ ...query, category: 'linear' })) break
    firsts.push(performance.now() - begun)
  }

  const rows = { range: 0, copy: 0 }
  const turns = { range: 0, copy: 0 }
  const copy = async (symbol: string): Promise<void> => {
    const stream = client.query(
      copyTo(
        // Reads by the index: filtering the columns would read the whole day, in 1 s instead of 0.1 s.
        `copy (select * from public_trades_of('linear', '${symbol}',
            '${new Date(DAY).toISOString()}', '${new Date(DAY + DAY_MS).toISOString()}')
          order by exchange_ts, seq, match_index, trade_id) to stdout`,
      ),
    )
    stream.resume()
    await finished(stream)
    rows.copy += stream.rowCount
  }
  const range = async (symbol: string): Promise<void> => {
    const query = { category: 'linear', symbol, from: DAY, to: DAY + DAY_MS } as const
    for await (const _ of trades.range(query)) rows.range += 1
  }
  // Each reads twice and times the second: the first to read a symbol loads its pages for both.
  const warmed = async (read: typeof range, symbol: string): Promise<number> => {
    await read(symbol)
    const begun = performance.now()
    await read(symbol)
    return performance.now() - begun
  }
  const day = await inTurns(ROUNDS, {
    range: () => warmed(range, symbolOf(turns.range++)),
    copy: () => warmed(copy, symbolOf(turns.copy++)),
  })
  if (rows.range !== rows.copy) throw new Error(`${rows.range} rows read, ${rows.copy} copied`)
  return together(
    `reading from a partition of ${LOADED} trades of ${SYMBOLS.length} symbols`,
    judge('first row of an hour of one symbol, in ms', firsts, { atMost: 50 }),
    judge(
      `a symbol's day of ${Math.round(rows.range / 2 / (ROUNDS + 1))} rows, in multiples of an ordered COPY TO`,
      ratios(day.range, day.copy),
      { atMost: 2.5 },
    ),
  )
}

function symbolOf(index: number): string {
  return SYMBOLS[index % SYMBOLS.length] as string
}

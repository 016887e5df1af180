import type { PublicTradeEvent } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  classifyDatabaseError,
  type GridDatabase,
  migrate,
  PublicTradeRepository,
} from '../../src/index.ts'
import { forgetDays } from '../../src/partitions/known-days.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, trade } from '../support/events.ts'

const CATEGORIES = ['linear', 'inverse', 'spot', 'option'] as const
const MIDNIGHT = Date.UTC(2025, 9, 10)
/** The ends of days, and the times around them that round to another second. */
const EDGES = [
  Date.UTC(2019, 0, 1),
  Date.UTC(2019, 0, 1) + 499,
  Date.UTC(2019, 0, 1) + 500,
  Date.UTC(2019, 0, 1, 23, 59, 59, 999),
  ...[-1500, -501, -500, -499, -1, 0, 1, 499, 500, 501, 999, 1000, 1499, 1500].map(
    (ms) => MIDNIGHT + ms,
  ),
]
const HAND_COLUMNS = 'category, symbol, exchange_ts, trade_id, local_ts, side, price, size, source'
const HAND_VALUES = (id: string, time = '2025-10-09 12:00:00.5+00'): string =>
  `('linear', 'HAND', '${time}', '${id}', now(), 'Buy', 1.10, 2, 'rest')`

async function rowsOf(db: Kysely<GridDatabase>, sql: string): Promise<Record<string, unknown>[]> {
  const { rows } = await db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(sql))
  return rows
}

describe.each(DATABASES)('%s', (kind, open) => {
  let opened: OpenedDatabase
  let db: Kysely<GridDatabase>
  let trades: PublicTradeRepository
  beforeAll(async () => {
    opened = await open()
    db = opened.db
    await migrate(db)
    trades = new PublicTradeRepository(db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened?.close())

  const idsOf = async (terms: string, by = 'public_trades_of'): Promise<string> => {
    const rows = await rowsOf(db, `select trade_id from ${by}(${terms}) order by exchange_ts`)
    return rows.map(({ trade_id }) => trade_id).join()
  }

  it.each<[string, Partial<Record<keyof PublicTradeEvent, unknown>>]>([
    ['a price that is no number', { markPrice: 'abc' }],
    ['an infinite price', { indexPrice: 'Infinity' }],
    ['a volatility of too many digits', { iv: '1e-20000' }],
    ['a direction with a NUL', { tickDirection: 'Plus\0' }],
    ['half a character', { tickDirection: '\ud800' }],
    ['a flag that is no boolean', { isBlockTrade: 'yes' }],
  ])('%s is poison, wherever it is in the batch', async (_, faulty) => {
    for (const tradeId of ['a', 'z']) {
      const good = trade({ symbol: 'POISON', tradeId: 'm' })
      const bad = { ...good, tradeId, ...faulty } as PublicTradeEvent
      const error = await trades.bulkInsert([good, bad]).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'NOT_ENCODABLE' })
      expect(classifyDatabaseError(error)).toBe('poison')
    }
  })

  it('a flag that is left out is unknown', async () => {
    const { isBlockTrade, isRpiTrade, ...rest } = trade({ symbol: 'UNKNOWN' })
    await trades.bulkInsert([rest as PublicTradeEvent])
    const [stored] = await rowsOf(db, "select * from public_trades_of('linear', 'UNKNOWN')")
    expect(stored).toMatchObject({ is_block_trade: null, is_rpi_trade: null })
  })

  it('milliseconds around the ends of seconds and days are read in their place, in total order', async () => {
    const events = CATEGORIES.flatMap((category) =>
      EDGES.flatMap((exchangeTs) =>
        [2, 1, -1].flatMap((seq) =>
          ['b', 'a'].map((tradeId) =>
            trade({ category, symbol: 'EDGE', exchangeTs, seq, tradeId: `${tradeId}${seq}` }),
          ),
        ),
      ),
    )
    expect(await trades.bulkInsert(events)).toMatchObject({ inserted: events.length })
    expect(await trades.bulkInsert(events)).toMatchObject({ duplicates: events.length })
    const scope = { category: 'spot', symbol: 'EDGE' } as const
    const expected = events
      .filter(({ category }) => category === 'spot')
      .sort(
        (a, b) => a.exchangeTs - b.exchangeTs || a.seq - b.seq || (a.tradeId < b.tradeId ? -1 : 1),
      )
    for (const from of EDGES) {
      for (const to of EDGES.filter((time) => time > from).slice(0, 5)) {
        const wanted = expected.filter((row) => row.exchangeTs >= from && row.exchangeTs < to)
        expect(await collect(trades.range({ ...scope, from, to, pageSize: 10 }))).toEqual(wanted)
      }
      const query = { category: 'spot', symbols: ['EDGE'] } as const
      expect((await trades.asOf({ ...query, at: from })).get('EDGE')).toEqual(
        expected.findLast((row) => row.exchangeTs <= from),
      )
      const isThere = (to: number) => trades.exists({ ...scope, tradeId: 'a2', from, to })
      expect(await isThere(from + 1)).toBe(true)
    }
  })

  it('rows inserted by hand get defaults and the key', async () => {
    const insert = `insert into public_trades (${HAND_COLUMNS}) values `
    await rowsOf(db, insert + HAND_VALUES('a'))
    await rowsOf(db, `${insert}${HAND_VALUES('a')} on conflict do nothing`)
    await expect(rowsOf(db, insert + HAND_VALUES('a'))).rejects.toMatchObject({ code: '23505' })
    await rowsOf(db, insert + HAND_VALUES('b', '2025-10-09 23:59:59.9+00'))
    // Moved from one day to another.
    const move = (id: string, time: string) =>
      rowsOf(db, `update public_trades set exchange_ts = '${time}' where trade_id = '${id}'`)
    await move('b', '2025-10-10 00:00:00+00')
    expect(await idsOf("'linear', 'HAND'")).toBe('a,b')
    await move('b', '2025-10-09 12:00:00.5+00')
    await expect(
      rowsOf(
        db,
        "update public_trades set trade_id = 'a' where trade_id = 'b' and symbol = 'HAND'",
      ),
    ).rejects.toMatchObject({ code: '23505' })
    const [stored] = await rowsOf(db, "select * from public_trades_of('linear', 'HAND')")
    expect(stored).toMatchObject({ tick_direction: null, is_block_trade: null, mark_price: null })
    for (const details of ['x', '[]', '{"markPrice": "x"}', '{"iv": {}}']) {
      const spoil = `update public_trades set details = '${details}' where symbol = 'HAND'`
      await expect(rowsOf(db, spoil)).rejects.toMatchObject({
        code: expect.stringMatching(/^(22P02|23514)$/),
      })
    }
    await rowsOf(db, "delete from public_trades where symbol = 'HAND'")
    expect(await idsOf("'linear', 'HAND'")).toBe('')
  })

  it('the function accepts any times', async () => {
    await trades.bulkInsert([trade({ symbol: 'TIMES', tradeId: 'a' })])
    const scope = "'linear', 'TIMES'"
    expect(await idsOf(`${scope}, '-infinity'`)).toBe('a')
    expect(await idsOf(`${scope}, '1970-01-01', '9999-01-01'`)).toBe('a')
    expect(await idsOf(`${scope}, '-infinity', '-infinity'`)).toBe('')
    expect(await idsOf(`${scope}, 'infinity', 'infinity'`)).toBe('')
    expect(await idsOf(`${scope}, null, null`)).toBe('')
  })

  it('the function, the view and the key work with any search_path', async () => {
    await trades.bulkInsert([trade({ symbol: 'PATH', tradeId: 'a' })])
    await db.transaction().execute(async (trx) => {
      await rowsOf(trx, "select set_config('search_path', '', true)")
      const of = "public.public_trades_of('linear', 'PATH', '2025-01-01', '2026-01-01')"
      expect(await rowsOf(trx, `select * from ${of}`)).toHaveLength(1)
      const values = HAND_VALUES('path')
      await rowsOf(trx, `insert into public.public_trades (${HAND_COLUMNS}) values ${values}`)
    })
  })

  it('a reader may read the view and the function, and write through neither', async () => {
    await trades.bulkInsert([trade({ symbol: 'READER' })])
    const asReader = (sql: string) =>
      db.transaction().execute(async (trx) => {
        await rowsOf(trx, 'set local role grid_reader')
        return rowsOf(trx, sql)
      })
    const one = "category = 'linear' and symbol = 'READER'"
    expect(await asReader(`select * from public_trades_wide where ${one}`)).toHaveLength(1)
    expect(await asReader("select * from public_trades_of('linear', 'READER')")).toHaveLength(1)
    const insert = `insert into public_trades_wide (${HAND_COLUMNS}) values ${HAND_VALUES('no')}`
    for (const sql of [insert, 'delete from public_trades_wide', 'delete from public_trades']) {
      await expect(asReader(sql)).rejects.toMatchObject({ code: '42501' })
    }
  })

  it('a detached day can be attached again with its key, and is refused without', async () => {
    const day = Date.UTC(2025, 9, 20)
    const name = 'public_trades_y2025m10d20'
    const event = trade({ symbol: 'DAY', exchangeTs: day + 500 })
    await trades.bulkInsert([event])
    const attach = `alter table public_trades attach partition ${name}
      for values from ('2025-10-20 00:00:00+00') to ('2025-10-21 00:00:00+00')`
    await rowsOf(db, `alter table public_trades detach partition ${name}`)
    await rowsOf(db, attach)
    expect(await trades.bulkInsert([event])).toMatchObject({ inserted: 0, duplicates: 1 })
    await rowsOf(db, `alter table public_trades detach partition ${name}`)
    await rowsOf(db, `drop index ${name}_key`)
    await rowsOf(db, attach)
    expect(await collect(trades.range({ ...event, from: day, to: day + 1000 }))).toHaveLength(1)
    // Like a process that has not seen the day yet.
    forgetDays(db, 'public_trades')
    const refused = trades.bulkInsert([event])
    await expect(refused).rejects.toMatchObject({ code: 'PARTITION_NAME_TAKEN' })
  })

  // PGlite has one connection, and so one writer.
  it.runIf(kind === 'PostgreSQL')('writers of shuffled batches store each trade once', async () => {
    const event = (n: number) =>
      trade({
        category: CATEGORIES[n % 4] ?? 'linear',
        symbol: `W${n % 13}`,
        tradeId: `w${n}`,
        exchangeTs: MIDNIGHT + ((n * 7_777_777) % 86_400_000) - 43_200_000,
        price: decimal(String(1 + (n % 9))),
      })
    const write = async (seed: number): Promise<number> => {
      let inserted = 0
      for (let batch = 0; batch < 10; batch++) {
        const events = Array.from({ length: 900 }, (_, n) =>
          event(batch * 300 + ((n * 31 + seed) % 900)),
        )
        inserted += (await trades.bulkInsert(events)).inserted
      }
      return inserted
    }
    const counts = await Promise.all([0, 211, 467, 701].map(write))
    expect(counts.reduce((a, b) => a + b)).toBe(9 * 300 + 900)
  })
})

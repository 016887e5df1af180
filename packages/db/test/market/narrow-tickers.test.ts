import { TICKER_FIELD_NAMES, type TickerEvent } from '@grid/core-events'
import fc from 'fast-check'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { streamMemory } from '../../src/carried/stream-memory.ts'
import {
  forgetStoredRows,
  type GridDatabase,
  inspectDatabase,
  migrate,
  narrowDays,
  readMarket,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { MIGRATIONS } from '../../src/migrations/all.ts'
import { partitionName } from '../../src/partitions/partition-day.ts'
import { columnName } from '../../src/schema/column-name.ts'
import { TICKER_SNAPSHOTS } from '../../src/tables/market/ticker-snapshots.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, ticker } from '../support/events.ts'
import { migrateTo } from '../support/older-schema.ts'
import { TICKER_BATCHES } from '../support/ticker-streams.ts'

const DAY_MS = 86_400_000
const BEFORE = MIGRATIONS.findIndex(({ name }) => name === '0011-narrow-tickers')
/** A day that was stored before tickers were narrowed, and one that is made after. */
const MIDNIGHT = Date.UTC(2025, 9, 10)
const FORMER = partitionName('ticker_snapshots', MIDNIGHT / DAY_MS - 1)
const CATEGORY = 'linear'

/** Stores tickers as the version before did, with a row's columns in any order. */
async function storeBefore(
  db: Kysely<GridDatabase>,
  events: readonly TickerEvent[],
): Promise<void> {
  await db.executeQuery(
    CompiledQuery.raw(`create table ${FORMER} partition of ticker_snapshots
      for values from ('2025-10-09 00:00:00+00') to ('2025-10-10 00:00:00+00')`),
  )
  await storeRows(db, events)
}

async function storeRows(db: Kysely<GridDatabase>, events: readonly TickerEvent[]): Promise<void> {
  const rows = events.map(({ channel: _, exchangeTs, localTsUs, extra, ...fields }) => ({
    ...Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        columnName(name),
        name.endsWith('Time') && value !== null ? new Date(Number(value)) : value,
      ]),
    ),
    exchange_ts: new Date(exchangeTs),
    local_ts: new Date(localTsUs / 1000),
    extra: extra === null ? null : JSON.stringify(extra),
  }))
  await db
    .insertInto('ticker_snapshots')
    .values(rows as never)
    .execute()
}

describe.each(DATABASES)('narrow tickers on %s', { timeout: START_TIMEOUT_MS }, (kind, open) => {
  let opened: OpenedDatabase
  let db: Kysely<GridDatabase>
  let tickers: TickerSnapshotRepository
  let runs = 0
  beforeAll(async () => {
    opened = await open()
    db = opened.db
    tickers = new TickerSnapshotRepository(db)
    await migrateTo(db, BEFORE)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const rangeOf = (symbol: string, from: number, to: number, pageSize = 1000) =>
    collect(tickers.range({ category: CATEGORY, symbol, from, to, pageSize }))
  const formsOf = async (symbol: string): Promise<string> => {
    const { rows } = await sql<{ forms: string }>`
      select string_agg(form::text, '' order by exchange_ts, seq, is_snapshot desc) as forms
      from ticker_snapshots where symbol = ${symbol}`.execute(db)
    return rows[0]?.forms ?? ''
  }
  /** As after a restart. */
  const forget = (events: readonly TickerEvent[]): void =>
    streamMemory(db, 'ticker_snapshots').forget(
      events.map(
        ({ symbol, exchangeTs }) => `${Math.floor(exchangeTs / DAY_MS)} ${CATEGORY} ${symbol}`,
      ),
    )
  const wholeOfSql = async (symbol: string, from: number, to: number): Promise<unknown[]> => {
    const { rows } = await sql<Record<string, unknown>>`
      select * from ticker_snapshots_of(${CATEGORY}, ${symbol},
        ${new Date(from).toISOString()}::timestamptz, ${new Date(to).toISOString()}::timestamptz)
      order by exchange_ts, seq, is_snapshot desc`.execute(db)
    return rows.map((row) => valuesIn((name) => row[columnName(name)]))
  }

  it('leave the days stored before as they are, and read them', async () => {
    const values = { lastPrice: decimal('1.50'), nextFundingTime: MIDNIGHT, changed: 2 }
    const before = [0, 1, 2].map((n) =>
      ticker({
        symbol: 'OLD',
        exchangeTs: MIDNIGHT - 5000 + n,
        seq: n,
        localTsUs: 1000,
        ...values,
        extra: { n },
      }),
    )
    await storeBefore(db, before)
    const { rows: file } = await sql<{ file: string }>`
      select pg_relation_filenode(to_regclass(${FORMER}))::text as file`.execute(db)
    // Any roles will do that every server has.
    await sql`alter table ticker_snapshots owner to pg_database_owner`.execute(db)
    await sql`grant select on ticker_snapshots to pg_monitor`.execute(db)
    expect(await migrate(db)).toMatchObject({
      applied: expect.arrayContaining(['0011-narrow-tickers']),
    })
    const { minReader, minWriter } = await inspectDatabase(db)
    expect([minReader, minWriter]).toEqual([BEFORE + 1, BEFORE + 1])
    const { rows: kept } = await sql<Record<string, unknown>>`
      select relowner::regrole::text as owner, has_table_privilege('pg_monitor', oid, 'select') as may
      from pg_class where relname = 'ticker_snapshots'`.execute(db)
    expect(kept).toEqual([{ owner: 'pg_database_owner', may: true }])
    const { rows: after } = await sql<{ file: string }>`
      select pg_relation_filenode(to_regclass(${FORMER}))::text as file`.execute(db)
    expect(after).toEqual(file)
    expect(await rangeOf('OLD', MIDNIGHT - DAY_MS, MIDNIGHT)).toEqual(before)
    expect(await tickers.bulkInsert(before)).toMatchObject({ inserted: 0, duplicates: 3 })
  })

  it('store what a message carried, and whole states now and then', async () => {
    const symbol = 'FORMS'
    let state: Partial<TickerEvent> = { bid1Price: decimal('1'), ask1Price: decimal('2') }
    const sent = Array.from({ length: 150 }, (_, n) => {
      state = { ...state, markPrice: decimal(`${n}`), changed: 2 ** 7 }
      return ticker({ symbol, exchangeTs: MIDNIGHT + n * 100, seq: n, ...state })
    })
    await tickers.bulkInsert(sent.slice(0, 10))
    await tickers.bulkInsert(sent.slice(10))
    expect(await formsOf(symbol)).toBe(`0${'1'.repeat(63)}0${'1'.repeat(63)}0${'1'.repeat(21)}`)
    expect(await rangeOf(symbol, MIDNIGHT, MIDNIGHT + DAY_MS)).toEqual(sent)
    const { rows } = await sql<{ bid: string | null; mark: string }>`
      select bid1_price as bid, mark_price as mark from ticker_snapshots
      where symbol = ${symbol} and seq = 5`.execute(db)
    expect(rows).toEqual([{ bid: null, mark: '5' }])
  })

  it('store a whole state each minute, and less often where messages are rare', async () => {
    for (const [seconds, forms] of [
      [1, `0${'1'.repeat(59)}0${'1'.repeat(39)}`],
      [
        10,
        `0${'1'.repeat(19)}0${'1'.repeat(19)}0${'1'.repeat(19)}0${'1'.repeat(19)}0${'1'.repeat(19)}`,
      ],
    ] as const) {
      const symbol = `EVERY${seconds}`
      const sent = Array.from({ length: 100 }, (_, n) =>
        ticker({ symbol, exchangeTs: MIDNIGHT + n * seconds * 1000, seq: n }),
      )
      await tickers.bulkInsert(sent)
      expect(await formsOf(symbol)).toBe(forms)
    }
  })

  it('of a base’s millisecond that come before it read whole, also from that millisecond on', async () => {
    const symbol = 'SAMEMS'
    const at = MIDNIGHT + 7_200_000
    const events = Array.from({ length: 66 }, (_, n) =>
      ticker({
        symbol,
        exchangeTs: at + Math.min(n, 63),
        seq: n,
        lastPrice: decimal(`${n}`),
        bid1Price: decimal('7'),
        changed: n === 0 ? 2 ** 15 + 2 : 2,
      }),
    )
    await tickers.bulkInsert(events)
    expect((await formsOf(symbol)).slice(62)).toBe('1101')
    const from = at + 63
    const expected = events.slice(63)
    expect(await wholeOfSql(symbol, from, from + 1)).toEqual(
      expected.map((event) => valuesIn((name) => event[name])),
    )
    expect(await rangeOf(symbol, from, from + 1)).toEqual(expected)
  })

  it('that come late stand apart: rows stored before read as before', async () => {
    const symbol = 'LATE'
    const first = ticker({ symbol, exchangeTs: MIDNIGHT, seq: 1, lastPrice: decimal('1') })
    const third = ticker({
      ...first,
      exchangeTs: MIDNIGHT + 20,
      seq: 3,
      markPrice: decimal('3'),
      changed: 128,
    })
    const second = ticker({
      ...first,
      exchangeTs: MIDNIGHT + 10,
      seq: 2,
      lastPrice: decimal('2'),
      changed: 2,
    })
    const zeroth = ticker({ ...first, exchangeTs: MIDNIGHT - 10 + 5, seq: 0 })
    const fourth = ticker({ ...third, exchangeTs: MIDNIGHT + 30, seq: 4, changed: 0 })
    await tickers.bulkInsert([first, third])
    await tickers.bulkInsert([second])
    await tickers.bulkInsert([zeroth])
    await tickers.bulkInsert([fourth])
    expect(await formsOf(symbol)).toBe('00211')
    const all = await rangeOf(symbol, MIDNIGHT - DAY_MS, MIDNIGHT + DAY_MS, 1)
    expect(all).toEqual([zeroth, first, second, third, fourth])
  })

  it('in a transaction that is rolled back leave nothing to build on', async () => {
    const symbol = 'UNDONE'
    const sent = [0, 1, 2, 3].map((n) =>
      ticker({
        symbol,
        exchangeTs: MIDNIGHT + n,
        seq: n,
        lastPrice: decimal(`${Math.min(n, 2)}`),
        changed: n < 3 ? 2 : 0,
      }),
    )
    await tickers.bulkInsert(sent.slice(0, 1))
    const undone = db.transaction().execute(async (trx) => {
      await new TickerSnapshotRepository(trx).bulkInsert(sent.slice(1, 3))
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    await tickers.bulkInsert(sent.slice(3))
    expect(await rangeOf(symbol, MIDNIGHT, MIDNIGHT + DAY_MS)).toEqual([sent[0], sent[3]])
  })

  it('of a batch that failed leave nothing to build on', async () => {
    const symbol = 'FAILED'
    const sent = [1, 2, 2].map((price, n) => {
      const values = { lastPrice: decimal(`${price}`), changed: n < 2 ? 2 : 0 }
      return ticker({ symbol, exchangeTs: MIDNIGHT + n, seq: n, ...values })
    })
    await tickers.bulkInsert(sent.slice(0, 1))
    const refused = ticker({ symbol: 'REFUSED', exchangeTs: MIDNIGHT, changed: -1 })
    const failed = tickers.bulkInsert([...sent.slice(1, 2), refused])
    await expect(failed).rejects.toMatchObject({ code: '23514' })
    await tickers.bulkInsert(sent.slice(2))
    expect(await rangeOf(symbol, MIDNIGHT, MIDNIGHT + DAY_MS)).toEqual([sent[0], sent[2]])
  })

  it('that the database lost again leave nothing to build on, once it is told', async () => {
    const symbol = 'LOST'
    const sent = [1, 2, 3, 3].map((price, n) => {
      const values = { lastPrice: decimal(`${price}`), changed: n < 3 ? 2 : 0 }
      return ticker({ symbol, exchangeTs: MIDNIGHT + n, seq: n, ...values })
    })
    await tickers.bulkInsert(sent.slice(0, 3))
    await sql`delete from ticker_snapshots where symbol = ${symbol} and seq > 0`.execute(db)
    forgetStoredRows(db)
    // What was lost is stored again, and then what follows.
    await tickers.bulkInsert(sent.slice(1, 3))
    await tickers.bulkInsert(sent.slice(3))
    expect(await rangeOf(symbol, MIDNIGHT, MIDNIGHT + DAY_MS)).toEqual(sent)
  })

  it('of two batches at once do not build on the same row', async () => {
    const symbol = 'AT ONCE'
    // The third tells the first one's price again, of which the second knows nothing.
    const sent = [1, 2, 1].map((price, n) => {
      const values = { lastPrice: decimal(`${price}`), changed: n < 2 ? 2 : 0 }
      return ticker({ symbol, exchangeTs: MIDNIGHT + n, seq: n, ...values })
    })
    await tickers.bulkInsert(sent.slice(0, 1))
    await Promise.all([tickers.bulkInsert(sent.slice(1, 2)), tickers.bulkInsert(sent.slice(2))])
    expect(await rangeOf(symbol, MIDNIGHT, MIDNIGHT + DAY_MS)).toEqual(sent)
  })

  it('do not build on a row that another process stored with other values', async () => {
    const symbol = 'CONFLICT'
    const [first, theirs, ours, next] = [1, 2, 3, 3].map((price, n) => {
      const values = { lastPrice: decimal(`${price}`), changed: n < 3 ? 2 : 0, localTsUs: 0 }
      const seq = [0, 1, 1, 2][n] ?? 0
      return ticker({ symbol, exchangeTs: MIDNIGHT + seq, seq, ...values })
    }) as [TickerEvent, TickerEvent, TickerEvent, TickerEvent]
    await tickers.bulkInsert([first])
    await storeRows(db, [theirs])
    expect((await tickers.bulkInsert([ours])).conflicts).toMatchObject([{ field: 'lastPrice' }])
    await tickers.bulkInsert([next])
    expect(await rangeOf(symbol, MIDNIGHT, MIDNIGHT + DAY_MS)).toEqual([first, theirs, next])
  })

  it('read through every reader as they were offered', async () => {
    await fc.assert(
      fc.asyncProperty(
        TICKER_BATCHES,
        fc.array(fc.nat(999), { minLength: 4, maxLength: 4 }),
        fc.nat(3),
        async (batches, dice, restart) => {
          runs += 1
          const offered = batches.map((batch) =>
            batch.map((event) => ({
              ...event,
              symbol: `${event.symbol} ${runs}`,
              exchangeTs: MIDNIGHT + event.exchangeTs,
            })),
          )
          const stored = new Map<string, TickerEvent>()
          for (const [n, batch] of offered.entries()) {
            if (n % 4 === restart) forget(batch)
            if (n % 5 === restart) {
              await db
                .transaction()
                .execute((trx) => new TickerSnapshotRepository(trx).bulkInsert(batch))
            } else await tickers.bulkInsert(batch)
            for (const event of batch) {
              const key = `${event.symbol} ${event.exchangeTs} ${event.seq} ${event.isSnapshot}`
              if (!stored.has(key)) stored.set(key, event)
            }
          }
          const all = [...stored.values()].sort(TICKER_SNAPSHOTS.compare)
          const times = all.map(({ exchangeTs }) => exchangeTs)
          const at = (place: number) =>
            times.toSorted((a, b) => a - b)[
              Math.floor(((dice[place] ?? 0) * times.length) / 1000)
            ] ?? MIDNIGHT
          const [from, to] = [Math.min(at(0), at(1)), Math.max(at(0), at(1)) + 1]
          const symbols = [`S0 ${runs}`, `S1 ${runs}`]
          const within = (event: TickerEvent) => event.exchangeTs >= from && event.exchangeTs < to
          const of = (symbol: string) => all.filter((event) => event.symbol === symbol)
          for (const symbol of symbols) {
            const pageSize = 15 + (dice[2] ?? 0)
            expect(await rangeOf(symbol, MIDNIGHT - DAY_MS, MIDNIGHT + DAY_MS, pageSize)).toEqual(
              of(symbol),
            )
            expect(await rangeOf(symbol, from, to, pageSize)).toEqual(of(symbol).filter(within))
            expect(await wholeOfSql(symbol, from, to)).toEqual(
              of(symbol)
                .filter(within)
                .map((event) => valuesIn((name) => event[name])),
            )
          }
          const market = {
            category: CATEGORY,
            symbols,
            channels: ['ticker'],
            from,
            to,
            pageSize: 50,
          } as const
          expect(await collect(readMarket(db, market))).toEqual(
            all.filter(within).toSorted((a, b) => a.exchangeTs - b.exchangeTs),
          )
          const newest = (until: number, since = 0) =>
            new Map(
              symbols.flatMap((symbol) => {
                const last = of(symbol).findLast(
                  ({ exchangeTs }) => exchangeTs <= until && exchangeTs >= since,
                )
                return last === undefined ? [] : [[symbol, last]]
              }),
            )
          expect(await tickers.latest({ category: CATEGORY, symbols })).toEqual(newest(Infinity))
          for (const maxAgeMs of [Infinity, dice[3] ?? 0]) {
            expect(
              await tickers.asOf({ category: CATEGORY, symbols, at: at(3), maxAgeMs }),
            ).toEqual(newest(at(3), at(3) - maxAgeMs))
          }
          const inSpan = await tickers.symbols({ category: CATEGORY, from, to })
          expect(inSpan.filter((symbol) => symbol.endsWith(` ${runs}`))).toEqual(
            [...new Set(all.filter(within).map(({ symbol }) => symbol))].sort(),
          )
        },
      ),
      { numRuns: kind === 'PGlite' ? 3 : 8 },
    )
  })

  it('are rewritten day by day, and read as before', async () => {
    // With rows stored whole by the version before, and with such as this one stored on that day.
    let state: Partial<TickerEvent> = { bid1Price: decimal('1.0'), lastPrice: decimal('5') }
    const wide = Array.from({ length: 200 }, (_, n) => {
      const fresh = n % 7 === 0 ? { bid1Price: decimal(n % 2 ? '1.0' : '1.00') } : {}
      state = { ...state, markPrice: decimal(`${n}.10`), ...(n % 50 === 49 ? fresh : {}) }
      return ticker({
        symbol: 'WIDE',
        exchangeTs: MIDNIGHT - 7_200_000 + n * 500,
        seq: n,
        localTsUs: 0,
        ...state,
        changed: 2 ** 7,
      })
    })
    await db.transaction().execute(async (trx) => {
      // As the version before stored them: each whole, and a base.
      await new TickerSnapshotRepository(trx).bulkInsert(wide)
      await sql`delete from ticker_snapshots where symbol = 'WIDE'`.execute(trx)
      await storeRows(trx, wide)
    })
    forget(wide)
    const next = ticker({ ...wide.at(-1), exchangeTs: MIDNIGHT - 1000, seq: 1000 })
    const after = ticker({
      ...next,
      exchangeTs: MIDNIGHT - 900,
      seq: 1001,
      markPrice: decimal('7'),
    })
    await tickers.bulkInsert([next, after])
    const interval = { from: MIDNIGHT - DAY_MS, to: MIDNIGHT }
    const readAll = async () => {
      const symbols = await tickers.symbols({ category: CATEGORY, ...interval })
      const read = { category: CATEGORY, symbols, channels: ['ticker'], ...interval } as const
      return collect(readMarket(db, read))
    }
    const before = await readAll()
    expect(before.filter(({ symbol }) => symbol === 'WIDE')).toEqual([...wide, next, after])

    const { narrowed, postponed } = await narrowDays(db)
    expect(postponed).toEqual([])
    expect(narrowed).toMatchObject([{ day: '2025-10-09', rows: before.length }])
    expect(await readAll()).toEqual(before)
    const forms = await formsOf('WIDE')
    // The values change without being named twice: those rows are whole.
    expect(forms.length).toBe(202)
    expect(forms.replaceAll('1', '').length).toBeLessThan(12)
    expect(forms).toMatch(/^01{40,}/)
    // The day has the key that new days have, and is a part of its table.
    const { rows: indexes } = await sql<{ name: string }>`
      select relname::text as name from pg_index join pg_class on pg_class.oid = indexrelid
      where indrelid = to_regclass(${FORMER}) order by 1`.execute(db)
    expect(indexes.map(({ name }) => name)).toEqual([`${FORMER}_bases`, `${FORMER}_key`])
    expect(await tickers.bulkInsert(wide)).toMatchObject({ inserted: 0, duplicates: 200 })
    expect(await narrowDays(db)).toEqual({ narrowed: [], postponed: [] })
  })
})

/** The values of a row, as texts. */
function valuesIn(
  of: (name: (typeof TICKER_FIELD_NAMES)[number] | 'extra' | 'seq') => unknown,
): unknown {
  return [...TICKER_FIELD_NAMES, 'extra' as const, 'seq' as const].map((name) => {
    const value = of(name)
    if (value instanceof Date) return String(value.getTime())
    if (value !== null && typeof value === 'object') return JSON.stringify(value)
    return value === null ? null : String(value)
  })
}

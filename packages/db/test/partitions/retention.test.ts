import { clearOfMidnight } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  CaptureGapRepository,
  ensurePartitions,
  findDueDays,
  freezeClosedDays,
  type GridDatabase,
  listPartitions,
  listRemovedDays,
  migrate,
  PublicTradeRepository,
  pruneDays,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, ticker, trade } from '../support/events.ts'

const DAY_MS = 86_400_000
const table = 'public_trades'
const requestedBy = 'test'

/** Noon of the day so many days ago, and that day. */
const daysAgo = (days: number) => {
  const ms = Math.floor(Date.now() / DAY_MS - days) * DAY_MS + DAY_MS / 2
  return { ms, day: new Date(ms).toISOString().slice(0, 10) }
}

describe.each(DATABASES)('retention on %s', { timeout: START_TIMEOUT_MS }, (_name, open) => {
  let opened: OpenedDatabase
  let db: Kysely<GridDatabase>
  beforeEach(async () => {
    await clearOfMidnight()
    opened = await open()
    db = opened.db
    await migrate(db)
  }, START_TIMEOUT_MS)
  afterEach(() => opened.close())

  const store = (...days: number[]) =>
    new PublicTradeRepository(db).bulkInsert(
      days.flatMap((days) =>
        ['a', 'b', 'c'].map((tradeId) => trade({ tradeId, exchangeTs: daysAgo(days).ms })),
      ),
    )
  const stored = async (): Promise<string[]> => {
    const { category, symbol } = trade()
    const query = { category, symbol, from: daysAgo(200).ms, to: daysAgo(-1).ms }
    const trades = await collect(new PublicTradeRepository(db).range(query))
    return [
      ...new Set(trades.map(({ exchangeTs }) => new Date(exchangeTs).toISOString().slice(0, 10))),
    ]
  }

  it('removes the old days of one table, and records their rows and bytes', async () => {
    await store(100, 92, 90, 2, 0)
    await ensurePartitions(db, 'ticker_snapshots', [daysAgo(100).ms])
    const report = await pruneDays(db, { table, olderThanMs: 91 * DAY_MS, requestedBy })
    expect(report).toMatchObject({ kept: [], postponed: [] })
    const gone = [daysAgo(100).day, daysAgo(92).day]
    expect(report.removed.map(({ day }) => day)).toEqual(gone)
    for (const { rows, bytes, removedAt } of report.removed) {
      expect(rows).toBe(3)
      expect(bytes).toBeGreaterThan(8000)
      expect(Math.abs(removedAt - Date.now())).toBeLessThan(60_000)
    }
    expect(await listRemovedDays(db)).toEqual(report.removed)
    expect(await stored()).toEqual([90, 2, 0].map((days) => daysAgo(days).day))
    expect(await listPartitions(db, { table: 'ticker_snapshots' })).toHaveLength(1)
    // A second call has nothing to do. A removed day can be stored again, as a backfill does.
    expect(await pruneDays(db, { table, olderThanMs: 91 * DAY_MS, requestedBy })).toEqual({
      removed: [],
      postponed: [],
      kept: [],
    })
    expect(await store(92)).toMatchObject({ inserted: 3 })
    expect(await stored()).toContain(daysAgo(92).day)
  })

  it('keeps a day with open gaps for 14 more days, and says so when it is removed all the same', async () => {
    await store(120, 104, 98, 97)
    const gaps = new CaptureGapRepository(db)
    const gapOf = (days: number, state: 'open' | 'unrecoverable', channel = 'publicTrade') => {
      const { ms } = daysAgo(days)
      const { category, symbol } = trade()
      const gap = { category, channel, symbol, startTs: ms, endTs: ms + 1, reason: 'test' }
      return gaps.insert([gap as Parameters<typeof gaps.insert>[0][number]], {
        collector: 'c',
        state,
      })
    }
    await gapOf(120, 'open')
    await gapOf(104, 'open')
    await gapOf(98, 'unrecoverable')
    await gapOf(97, 'open', 'ticker')
    const policy = { table, olderThanMs: 91 * DAY_MS } as const
    const { due, kept, young } = await findDueDays(db, policy)
    const dueOf = (day: string, days: number) => [day, Date.parse(day) + (1 + 91 + days) * DAY_MS]
    const known = ({ day, dueTs }: { day: string; dueTs: number }) => [day, dueTs]
    expect(kept.map(known)).toEqual([dueOf(daysAgo(104).day, 14)])
    for (const each of young) expect(known(each)).toEqual(dueOf(each.day, 0))
    const forced = await findDueDays(db, { ...policy, evenIfNeeded: true })
    expect(forced.kept).toEqual([])
    expect(forced.young).toEqual(young)
    expect(forced.due.map(({ day, repairOverdue }) => [day, repairOverdue])).toContainEqual([
      daysAgo(104).day,
      true,
    ])
    expect(due.map(({ day, repairOverdue }) => [day, repairOverdue])).toEqual([
      [daysAgo(120).day, true],
      [daysAgo(98).day, false],
      [daysAgo(97).day, false],
    ])
    const report = await pruneDays(db, { ...policy, requestedBy })
    expect(report.kept).toEqual([daysAgo(104).day])
    expect((await listRemovedDays(db)).map(({ repairOverdue }) => repairOverdue)).toEqual([
      true,
      false,
      false,
    ])
    const needed: string[] = []
    const isNeeded = async (_table: string, day: string) => {
      needed.push(day)
      return false
    }
    expect((await pruneDays(db, { ...policy, requestedBy, isNeeded })).kept).toEqual([])
    expect(needed).toEqual([daysAgo(104).day])
  })

  it('freezes the closed days, once, and again after late rows', async () => {
    await store(3, 2, 0)
    const states = async () =>
      (await listPartitions(db, { table })).map(({ isClosed, isFrozen }) => [isClosed, isFrozen])
    expect(await states()).toEqual([
      [true, false],
      [true, false],
      [false, false],
    ])
    const first = await freezeClosedDays(db, { limit: 1 })
    const rest = await freezeClosedDays(db)
    const frozen = [...first.frozen, ...rest.frozen]
    expect(frozen.map(({ day, rows }) => [day, rows])).toEqual([
      [daysAgo(3).day, 3],
      [daysAgo(2).day, 3],
    ])
    expect(rest.postponed).toEqual([])
    expect(await states()).toEqual([
      [true, true],
      [true, true],
      [false, false],
    ])
    expect(await freezeClosedDays(db)).toEqual({ frozen: [], postponed: [] })
    const late = Array.from({ length: 200 }, (_, n) =>
      trade({ tradeId: `late ${n}`, exchangeTs: daysAgo(3).ms }),
    )
    await new PublicTradeRepository(db).bulkInsert(late)
    expect((await states())[0]).toEqual([true, false])
    expect((await freezeClosedDays(db)).frozen).toMatchObject([{ day: daysAgo(3).day, rows: 203 }])
  })

  it('packs the index of a closed day, which stays its unique key', async () => {
    // Like a market: each batch has rows of all symbols, later than all rows before.
    const batches = Array.from({ length: 40 }, (_, batch) =>
      Array.from({ length: 300 }, (_, n) =>
        ticker({ symbol: `S${n % 30}`, seq: n, exchangeTs: daysAgo(2).ms + batch }),
      ),
    )
    const tickers = new TickerSnapshotRepository(db)
    for (const batch of batches) await tickers.bulkInsert(batch)
    const [before] = await listPartitions(db, { table: 'ticker_snapshots' })
    const { frozen } = await freezeClosedDays(db)
    expect(frozen).toMatchObject([{ rows: 12_000, isFrozen: true }])
    const indexes = await sql<{ name: string; is_valid: boolean; bytes: string }>`
      select relname as name, indisvalid as is_valid, pg_relation_size(indexrelid) as bytes
      from pg_index join pg_class on pg_class.oid = indexrelid
      where indrelid = to_regclass(${before?.name ?? ''})
      order by relname`.execute(db)
    expect(indexes.rows).toMatchObject([
      { name: `${before?.name}_bases`, is_valid: true },
      { name: `${before?.name}_key`, is_valid: true },
    ])
    // At most what the entries of 12,000 keys of 24 bytes take.
    expect(Number(indexes.rows[1]?.bytes)).toBeLessThan(12_000 * 31)
    expect(frozen[0]?.bytes).toBeLessThan((before?.bytes ?? 0) - 12_000 * 8)
    expect(await tickers.bulkInsert(batches.flat())).toMatchObject({
      inserted: 0,
      duplicates: 12_000,
    })
  })
})

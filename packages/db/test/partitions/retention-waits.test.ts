import { clearOfMidnight, createTestDatabase, type TestDatabase } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import {
  classifyDatabaseError,
  createDatabase,
  ensurePartitions,
  finishRemovals,
  freezeClosedDays,
  type GridDatabase,
  listPartitions,
  listRemovedDays,
  migrate,
  PublicTradeRepository,
  pruneDays,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { collect, ticker, trade } from '../support/events.ts'

const DAY_MS = 86_400_000
/** The longest time that anybody may have to wait for a lock: the server counts it, and refuses to wait longer. */
const LIMIT_MS = 2000
const table = 'public_trades'

const noon = (daysAgo: number): number =>
  Math.floor(Date.now() / DAY_MS - daysAgo) * DAY_MS + DAY_MS / 2
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const nameOf = (daysAgo: number): string =>
  `ticker_snapshots_y${dayOf(noon(daysAgo)).replace('-', 'm').replace('-', 'd')}`

describe('retention beside readers and a writer', () => {
  let database: TestDatabase
  let db: Kysely<GridDatabase>
  let other: Kysely<GridDatabase>
  beforeEach(async () => {
    await clearOfMidnight()
    database = await createTestDatabase(inject('postgresUrl'))
    const impatient = `${database.url}?options=-c%20lock_timeout%3D${LIMIT_MS}`
    db = createDatabase({ url: impatient })
    other = createDatabase({ url: impatient, applicationName: 'other' })
    await migrate(db)
    const old = [100, 99, 98, 0].map((days) => trade({ exchangeTs: noon(days) }))
    await new PublicTradeRepository(db).bulkInsert(old)
  })
  afterEach(async () => {
    await Promise.all([db.destroy(), other.destroy()])
    await database.drop()
  })

  const prune = (on = db) => pruneDays(on, { table, olderThanMs: 91 * DAY_MS, requestedBy: 'test' })
  const states = async () => (await listPartitions(db, { table })).map(({ state }) => state)

  /** Repeats work until it is stopped; the end rejects with what a run met, a lock among it. */
  const repeat = (work: () => Promise<unknown>) => {
    let isStopped = false
    let runs = 0
    const done = (async () => {
      while (!isStopped) {
        await work()
        runs += 1
      }
    })()
    done.catch(() => {})
    return async () => {
      isStopped = true
      await done
      expect(runs).toBeGreaterThan(0)
    }
  }

  it('makes nobody wait while a reader keeps a transaction open, and removes the days afterwards', async () => {
    const { category, symbol } = trade()
    let written = 0
    const opened = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const reader = other
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (trx) => {
        await sql`select count(*) from public_trades`.execute(trx)
        opened.resolve()
        await ended.promise
        // The reader still sees what it saw.
        const { rows } = await sql<{ n: number }>`
          select count(*)::integer as n from public_trades where exchange_ts < now() - interval '1 day'`.execute(
          trx,
        )
        return rows[0]?.n
      })
    await opened.promise
    const stops = [
      repeat(() =>
        new PublicTradeRepository(other).bulkInsert(
          Array.from({ length: 20 }, () =>
            trade({ tradeId: `w${written++}`, exchangeTs: noon(0) }),
          ),
        ),
      ),
      repeat(() =>
        collect(
          new PublicTradeRepository(other).range({ category, symbol, from: 0, to: Date.now() }),
        ),
      ),
    ]
    let newDay = 90
    const maker = repeat(() => ensurePartitions(db, table, [noon(Math.max(newDay--, 1))]))

    const first = await prune()
    expect(first.removed).toEqual([])
    expect(first.postponed.map(({ day }) => day)).toEqual([100, 99, 98].map((n) => dayOf(noon(n))))
    expect((await states()).slice(0, 3)).toEqual(['leaving', 'attached', 'attached'])
    // However often it is interrupted, the day stays as it is.
    expect((await prune()).removed).toEqual([])
    expect((await states()).slice(0, 3)).toEqual(['leaving', 'attached', 'attached'])
    const late = new PublicTradeRepository(db).bulkInsert([trade({ exchangeTs: noon(100) })])
    const error = await late.catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'PARTITION_LEAVING', retryable: true })
    expect(classifyDatabaseError(error)).toBe('transient')
    await freezeClosedDays(db)

    await Promise.all([...stops, maker].map((stop) => stop()))
    ended.resolve()
    expect(await reader).toBe(3)

    const { removed } = await prune()
    expect(removed.map(({ day, rows }) => [day, rows])).toEqual(
      [100, 99, 98].map((n) => [dayOf(noon(n)), 1]),
    )
    const { rows } = await sql<{ n: number }>`
      select count(*)::integer as n from public_trades`.execute(db)
    expect(rows).toEqual([{ n: written + 1 }])
  })

  it('begins no index that would wait for an old reader, and freezes the day afterwards', async () => {
    const days = [100, 99, 98].map((n) => dayOf(noon(n)))
    const { postponed } = await other
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (trx) => {
        await sql`select pg_sleep(1.1)`.execute(trx)
        return freezeClosedDays(db)
      })
    expect(postponed.map(({ day }) => day)).toEqual(days)
    expect((await freezeClosedDays(db)).frozen.map(({ day }) => day)).toEqual(days)
  })

  it.each([
    [
      'before the new one takes its place',
      /_ccnew$/,
      () => sql`lock table ${sql.id(nameOf(100))} in row exclusive mode`,
    ],
    ['after', /_ccold$/, () => sql`select from ${sql.id(nameOf(100))}`],
  ])('clears away the index that an interruption left %s', async (_when, left, lock) => {
    const leftovers = async (): Promise<string[]> => {
      const { rows } = await sql<{ name: string }>`
        select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
        where not indisvalid`.execute(db)
      return rows.map(({ name }) => name)
    }
    // Not trades: their index is full from the start, so there is nothing to pack.
    const tickers = new TickerSnapshotRepository(db)
    await tickers.bulkInsert([100, 99, 98].map((days) => ticker({ exchangeTs: noon(days) })))
    const stop = new AbortController()
    const report = await other.transaction().execute(async (trx) => {
      await lock().execute(trx)
      const freezing = freezeClosedDays(db, { table: 'ticker_snapshots', signal: stop.signal })
      await expect.poll(leftovers, { timeout: 120_000 }).toEqual([expect.stringMatching(left)])
      stop.abort()
      return freezing
    })
    expect(report).toMatchObject({ frozen: [], postponed: [{ day: dayOf(noon(100)) }] })
    expect(await leftovers()).toEqual([expect.stringMatching(left)])
    expect((await freezeClosedDays(db, { table: 'ticker_snapshots' })).frozen).toHaveLength(3)
    expect(await leftovers()).toEqual([])
    const again = tickers.bulkInsert([ticker({ exchangeTs: noon(100) })])
    expect(await again).toMatchObject({ inserted: 0, duplicates: 1 })
  })

  it('lets many processes prune at once, and reports each day once', async () => {
    const others = Array.from({ length: 3 }, () => createDatabase({ url: database.url }))
    for (let round = 1; (await listRemovedDays(db)).length < 3; round++) {
      expect(round).toBeLessThan(10)
      await Promise.all(others.map((each) => prune(each)))
    }
    expect(await listRemovedDays(db)).toMatchObject([{ rows: 1 }, { rows: 1 }, { rows: 1 }])
    expect(await states()).toEqual(['attached'])
    await Promise.all(others.map((each) => each.destroy()))
  })

  it('completes a detachment that an operator interrupted, and keeps the detached table', async () => {
    const [partition] = await listPartitions(db, { table })
    const opened = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const reader = other.transaction().execute(async (trx) => {
      await sql`select count(*) from public_trades`.execute(trx)
      opened.resolve()
      await ended.promise
    })
    await opened.promise
    const hasty = createDatabase({ url: database.url, statementTimeoutMs: 200 })
    const detach = sql`alter table public_trades
      detach partition ${sql.id(partition?.name ?? '')} concurrently`
    await expect(detach.execute(hasty)).rejects.toMatchObject({ code: '57014' })
    await hasty.destroy()
    expect((await states())[0]).toBe('leaving')
    ended.resolve()
    await reader
    expect(await finishRemovals(db, { table })).toEqual({ removed: [], postponed: [] })
    expect(await listPartitions(db, { table, exact: true })).toMatchObject([
      { state: 'detached', rows: 1 },
      { state: 'attached' },
      { state: 'attached' },
      { state: 'attached' },
    ])
  })

  it('never drops what an operator detached', async () => {
    const [partition] = await listPartitions(db, { table })
    const name = sql.id(partition?.name ?? '')
    await sql`alter table public_trades detach partition ${name}`.execute(db)
    const { removed } = await prune()
    expect(removed.map(({ day }) => day)).not.toContain(partition?.day)
    expect((await listPartitions(db, { table, exact: true }))[0]).toMatchObject({
      state: 'detached',
      rows: 1,
    })
  })

  it('refuses to remove days younger than a day', async () => {
    for (const olderThanMs of [0, DAY_MS - 1, Number.NaN, -1]) {
      await expect(
        pruneDays(db, { table, olderThanMs, requestedBy: 'test' }),
      ).rejects.toMatchObject({
        code: 'RETENTION_TOO_SHORT',
      })
    }
  })

  it('drops a partition later while somebody reads it directly', async () => {
    const [partition] = await listPartitions(db, { table })
    const name = sql.id(partition?.name ?? '')
    const report = await other.transaction().execute(async (trx) => {
      await sql`select * from ${name}`.execute(trx)
      return prune()
    })
    expect(report.postponed.map(({ day }) => day)).toContain(partition?.day)
    const { removed } = await prune()
    expect(removed.map(({ day }) => day)).toContain(partition?.day)
    expect(await states()).toEqual(['attached'])
  })
})

import {
  createTestDatabase,
  findPgbouncer,
  type Pgbouncer,
  startPgbouncer,
  type TestDatabase,
} from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  classifyDatabaseError,
  createDatabase,
  ensureUpcomingPartitions,
  freezeClosedDays,
  type GridDatabase,
  migrate,
  PublicTradeRepository,
  pruneDays,
} from '../../src/index.ts'
import { collect, T0, trade } from '../support/events.ts'

const isInstalled = findPgbouncer() !== null
if (!isInstalled) process.stderr.write('skipped: PgBouncer is not installed\n')

const REFUSING: readonly string[] = []
const IGNORING = [
  'ignore_startup_parameters = statement_timeout, idle_in_transaction_session_timeout, options',
]

describe.skipIf(!isInstalled).each([
  ['refuses', REFUSING],
  ['ignores', IGNORING],
])('a transaction pooler that %s the limits of a session', (_name, settings) => {
  let database: TestDatabase
  let pooler: Pgbouncer
  let db: Kysely<GridDatabase>
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    pooler = await startPgbouncer(database.url, settings)
    db = createDatabase({ url: pooler.url, poolSize: 4 })
  })
  afterAll(async () => {
    await db.destroy()
    await pooler.stop()
    await database.drop()
  })

  const settingOf = async (on: Kysely<GridDatabase>, name: string): Promise<string | undefined> => {
    const { rows } = await sql<{ value: string }>`
      select current_setting(${name}) as value`.execute(on)
    return rows[0]?.value
  }

  it('migrates, inserts from many connections at once, makes partitions and reads', async () => {
    const others = [1, 2, 3].map(() => createDatabase({ url: pooler.url, poolSize: 4 }))
    const reports = await Promise.all(
      [db, ...others].map((each) => migrate(each, { environment: 'demo' })),
    )
    expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1)
    await Promise.all(others.map((each) => ensureUpcomingPartitions(each)))
    const day = Date.UTC(2024, 4, 1)
    const all = Array.from({ length: 3000 }, (_, n) =>
      trade({ tradeId: `t${n}`, exchangeTs: day + (n % 3) * 86_400_000 + n }),
    )
    const sent = others.flatMap((each) =>
      Array.from({ length: 6 }, (_, n) =>
        new PublicTradeRepository(each).bulkInsert(all.slice(n * 500, n * 500 + 500)),
      ),
    )
    const results = await Promise.all(sent)
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(3000)
    expect(results.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(6000)
    const { category, symbol } = trade()
    const query = { category, symbol, from: day, to: day + 3 * 86_400_000, pageSize: 400 }
    const read = await collect(new PublicTradeRepository(db).range(query))
    expect(read).toHaveLength(3000)
    await Promise.all(others.map((each) => each.destroy()))
  })

  it('removes and freezes days, and gives up waiting for an open transaction', async () => {
    const reader = createDatabase({ url: database.url })
    const table = 'public_trades'
    const prune = () => pruneDays(db, { table, olderThanMs: 30 * 86_400_000, requestedBy: 'test' })
    await new PublicTradeRepository(db).bulkInsert([trade({ exchangeTs: Date.UTC(2023, 0, 1) })])
    await reader.transaction().execute(async (trx) => {
      await sql`select count(*) from public_trades`.execute(trx)
      const { removed, postponed } = await prune()
      expect(removed).toEqual([])
      expect(postponed[0]).toMatchObject({ day: '2023-01-01', error: { code: '57014' } })
    })
    const { removed } = await prune()
    expect(removed[0]).toMatchObject({ day: '2023-01-01', rows: 1 })
    const yesterday = Date.now() - 86_400_000 * 2
    await new PublicTradeRepository(db).bulkInsert([trade({ exchangeTs: yesterday })])
    expect((await freezeClosedDays(db, { table })).frozen).toMatchObject([{ rows: 1 }])
    await reader.destroy()
  })

  it('applies the limits to every statement and transaction, and leaves no trace of them', async () => {
    const hasty = createDatabase({ url: pooler.url, statementTimeoutMs: 300 })
    expect(await settingOf(hasty, 'statement_timeout')).toBe('300ms')
    const inside = hasty.transaction().execute((trx) => settingOf(trx, 'statement_timeout'))
    expect(await inside).toBe('300ms')
    const isolation = hasty
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (trx) => [
        await settingOf(trx, 'transaction_isolation'),
        await settingOf(trx, 'statement_timeout'),
      ])
    expect(await isolation).toEqual(['serializable', '300ms'])
    const slow = await sql`select pg_sleep(60)`.execute(hasty).catch((error: unknown) => error)
    expect(slow).toMatchObject({ code: '57014' })
    // Another client gets the same server sessions, which must not have the limits.
    const plain = createDatabase({
      url: pooler.url,
      statementTimeoutMs: 0,
      idleInTransactionTimeoutMs: 0,
    })
    const seen = await Promise.all(
      Array.from({ length: 8 }, () => settingOf(plain, 'statement_timeout')),
    )
    expect(new Set(seen)).toEqual(new Set(['0']))
    await Promise.all([plain.destroy(), hasty.destroy()])
  })

  it('works on after a failed statement, inside a transaction and outside', async () => {
    const one = createDatabase({ url: pooler.url, poolSize: 1 })
    const broken = () => sql`select 1 / 0`.execute(one)
    await expect(broken()).rejects.toMatchObject({ code: '22012' })
    await expect(
      one.transaction().execute((trx) => sql`select 1 / 0`.execute(trx)),
    ).rejects.toMatchObject({ code: '22012' })
    await one.transaction().execute(async (trx) => {
      await sql`create table kept (n integer)`.execute(trx)
      await sql`insert into kept values (7)`.execute(trx)
    })
    const { rows } = await sql`select n from kept`.execute(db)
    expect(rows).toEqual([{ n: 7 }])
    await one.destroy()
  })

  it('refuses writes in read-only mode', async () => {
    const reader = createDatabase({ url: pooler.url, readOnly: true })
    const range = { category: trade().category, symbol: trade().symbol, from: 0, to: T0 }
    await collect(new PublicTradeRepository(reader).range(range))
    await expect(new PublicTradeRepository(reader).bulkInsert([trade()])).rejects.toMatchObject({
      code: '25006',
    })
    await expect(
      reader.transaction().execute((trx) => sql`create table t ()`.execute(trx)),
    ).rejects.toMatchObject({ code: '25006' })
    await reader.destroy()
    // The sessions must not stay read-only for others either.
    await sql`create table writable ()`.execute(db)
  })

  it('ends a transaction that its process forgot', async () => {
    const idle = createDatabase({ url: pooler.url, idleInTransactionTimeoutMs: 200, poolSize: 1 })
    const error = await idle
      .transaction()
      .execute(async (trx) => {
        await sql`create table never ()`.execute(trx)
        await expect
          .poll(async () => {
            const { rows } = await sql`
              select 1 from pg_stat_activity
              where state = 'idle in transaction' and datname = current_database()`.execute(db)
            return rows.length
          })
          .toBe(0)
        await sql`select 1`.execute(trx)
      })
      .catch((cause: unknown) => cause)
    expect(classifyDatabaseError(error), String(error)).toBe('transient')
    await sql`create table never ()`.execute(idle)
    await idle.destroy()
  })
})

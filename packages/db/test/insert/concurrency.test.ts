import { clearOfMidnight, createTestDatabase, type TestDatabase } from '@grid/testing'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import {
  createDatabase,
  ensurePartitions,
  ensureUpcomingPartitions,
  type GridDatabase,
  migrate,
  PublicTradeRepository,
} from '../../src/index.ts'
import { collect, T0, trade } from '../support/events.ts'

/** A seeded generator of random numbers, so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('several processes on one server', () => {
  let database: TestDatabase
  let writers: Kysely<GridDatabase>[]
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    writers = [1, 2, 3].map(() => createDatabase({ url: database.url, poolSize: 2 }))
    await migrate(writers[0] as Kysely<GridDatabase>)
  })
  afterAll(async () => {
    await Promise.all(writers.map((db) => db.destroy()))
    await database.drop()
  })
  beforeEach(clearOfMidnight)

  it('store each of many overlapping trades once, without a deadlock', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
    const symbol = 'SHARED'
    const all = Array.from({ length: 6000 }, (_, n) =>
      trade({ symbol, tradeId: `t${n}`, exchangeTs: T0 + (n % 50) }),
    )
    let inserted = 0
    let duplicates = 0
    let sent = 0
    const write = async (db: Kysely<GridDatabase>, random: () => number): Promise<void> => {
      const trades = new PublicTradeRepository(db)
      for (let start = 0; start < all.length; start += 250) {
        const batch = all
          .slice(start, start + 500)
          .map((event) => [random(), event] as const)
          .sort(([a], [b]) => a - b)
          .map(([, event]) => event)
        const result = await trades.bulkInsert(batch)
        sent += batch.length
        inserted += result.inserted
        duplicates += result.duplicates
        expect(result.conflicts).toEqual([])
      }
    }
    const work = writers.flatMap((db, n) => [
      write(db, seeded(seed + n)),
      write(db, seeded(seed + 100 + n)),
    ])
    await Promise.all(work).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
    expect({ inserted, duplicates }, `seed ${seed}`).toEqual({
      inserted: all.length,
      duplicates: sent - all.length,
    })
    const range = { category: 'linear', symbol, from: T0, to: T0 + 100 } as const
    const [db] = writers as [Kysely<GridDatabase>]
    expect(await collect(new PublicTradeRepository(db).range(range))).toHaveLength(all.length)
  })

  it('make the same new partitions at once', async () => {
    const days = Array.from({ length: 10 }, (_, n) => Date.UTC(2022, 5, 1 + n))
    const made = await Promise.all(
      writers.map((db) => ensurePartitions(db, 'ticker_snapshots', days)),
    )
    expect(made.reduce((a, b) => a + b)).toBe(days.length)
  })

  it('make the partitions of today and tomorrow at once; afterwards one query a table is enough', async () => {
    const made = await Promise.all(writers.map((db) => ensureUpcomingPartitions(db)))
    expect(made.reduce((a, b) => a + b)).toBe(4)
    const queries: string[] = []
    const pool = new pg.Pool({ connectionString: database.url })
    // Dropping the database may end a connection before its own end arrives.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    const db = new Kysely<GridDatabase>({
      dialect: new PostgresDialect({ pool }),
      log: ({ query }) => void queries.push(query.sql),
    })
    expect(await ensureUpcomingPartitions(db)).toBe(0)
    expect(queries).toHaveLength(2)
    await db.destroy()
  })

  it('make a partition while a reader and a writer have the table open', async () => {
    const [busy, maker] = writers as [Kysely<GridDatabase>, Kysely<GridDatabase>]
    const exchangeTs = Date.UTC(2022, 0, 1)
    const symbol = 'OPEN'
    await new PublicTradeRepository(maker).bulkInsert([trade({ symbol, exchangeTs })])
    await busy.transaction().execute(async (trx) => {
      await new PublicTradeRepository(trx).bulkInsert([
        trade({ symbol, exchangeTs: exchangeTs + 1 }),
      ])
      await sql`select count(*) from public_trades`.execute(trx)
      expect(await ensurePartitions(maker, 'public_trades', [Date.UTC(2022, 0, 2)])).toBe(1)
    })
  })

  it('an insert fails with a clear error when an operator detached the partition of its day', async () => {
    const [db] = writers as [Kysely<GridDatabase>]
    const exchangeTs = Date.UTC(2021, 0, 1)
    await ensurePartitions(db, 'public_trades', [exchangeTs])
    await sql`alter table public_trades detach partition public_trades_y2021m01d01`.execute(db)
    await expect(ensurePartitions(db, 'public_trades', [exchangeTs])).rejects.toMatchObject({
      code: 'PARTITION_NAME_TAKEN',
    })
  })
})

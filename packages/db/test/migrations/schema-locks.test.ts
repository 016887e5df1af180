import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  createDatabase,
  ensureUpcomingPartitions,
  type GridDatabase,
  InstrumentRepository,
  migrate,
} from '../../src/index.ts'
import { openPostgres } from '../support/databases.ts'
import { T0 } from '../support/events.ts'

let opened: Awaited<ReturnType<typeof openPostgres>>
let other: Kysely<GridDatabase>
beforeAll(async () => {
  opened = await openPostgres()
  other = createDatabase({ url: opened.url })
})
afterAll(async () => {
  await other.destroy()
  await opened.close()
})

interface Lock {
  readonly type: string
  readonly relation: string | null
}

it('no lock that makes processes take turns can be taken by a login without rights', async () => {
  const stranger = `grid_test_stranger_${randomBytes(8).toString('hex')}`
  await sql`create role ${sql.ref(stranger)}`.execute(opened.db)
  // Of each, what the server holds at its end.
  const held: Lock[] = []
  const work = [
    (db: Kysely<GridDatabase>) => migrate(db),
    (db: Kysely<GridDatabase>) => ensureUpcomingPartitions(db),
    (db: Kysely<GridDatabase>) =>
      new InstrumentRepository(db).record(
        { category: 'linear', instruments: [], isComplete: true },
        { exchangeTs: T0, localTsUs: T0 * 1000, collector: 'saver' },
      ),
  ]
  for (const each of work) {
    await opened.db.transaction().execute(async (trx) => {
      await each(trx)
      const { rows } = await sql<Lock>`
        select locktype as type, relname::text as relation
        from pg_locks left join pg_class on pg_class.oid = relation
        where pid = pg_backend_pid()
          and (locktype = 'advisory'
            or mode = 'ShareUpdateExclusiveLock' and relkind in ('r', 'p'))`.execute(trx)
      held.push(...rows)
    })
  }
  const relations = new Set(held.map(({ relation }) => relation))
  expect(held.filter(({ type }) => type === 'advisory')).toEqual([])
  expect([...relations]).toEqual(
    expect.arrayContaining(['grid_meta', 'public_trades', 'instrument_lists']),
  )
  for (const relation of relations) {
    const taken = opened.db.transaction().execute(async (trx) => {
      await sql`set local role ${sql.ref(stranger)}`.execute(trx)
      await sql`lock table ${sql.table(relation ?? '')} in share update exclusive mode`.execute(trx)
    })
    await expect(taken).rejects.toMatchObject({ code: '42501' })
  }
  await sql`drop role ${sql.ref(stranger)}`.execute(opened.db)
})

it('a migration waits for another one and says so, and for nobody where nothing is to be done', async () => {
  await migrate(opened.db)
  const told: (readonly number[])[] = []
  const { promise: end, resolve: ends } = Promise.withResolvers<void>()
  const holding = Promise.withResolvers<number>()
  const holder = other.transaction().execute(async (trx) => {
    await sql`lock table grid_meta in share update exclusive mode`.execute(trx)
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
    holding.resolve(rows[0]?.pid ?? 0)
    await end
  })
  const pid = await holding.promise
  const onWait = (pids: readonly number[]) => {
    told.push(pids)
    ends()
  }
  expect(await migrate(opened.db, { onWait })).toMatchObject({ applied: [] })
  expect(told).toEqual([])
  const stamped = await migrate(opened.db, { environment: 'demo', onWait })
  expect(stamped).toMatchObject({ environment: 'demo' })
  expect(told).toEqual([[pid]])
  await holder
})

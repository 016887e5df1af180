import { createTestDatabase } from '@grid/testing'
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { type GridDatabase, migrate, PositionSnapshotRepository } from '../src/index.ts'
import { T0 } from './events.ts'
import { addTenant } from './private-events.ts'

interface PlanNode {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** How many rows a plan took from tables. */
function rowsRead(node: PlanNode): number {
  const below = (node.Plans ?? []).reduce((sum, plan) => sum + rowsRead(plan), 0)
  if (node['Relation Name'] === undefined) return below
  return (
    below + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
  )
}

it('the newest of each leg is read by a few steps, however many rows and without statistics', async () => {
  const database = await createTestDatabase(inject('postgresUrl'))
  let read: CompiledQuery | undefined
  const pool = new pg.Pool({ connectionString: database.url })
  // Dropping the database may end a connection before its own end arrives.
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<GridDatabase>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      if (query.sql.startsWith('with recursive')) read = query
    },
  })
  await migrate(db, { environment: 'testnet' })
  const { scope, accountId } = await addTenant(db, 'big')
  await sql`insert into position_snapshots (account_id, category, symbol, position_idx, exchange_ts,
      local_ts, source, side, size, content_hash)
    select ${accountId}::uuid, 'linear', 'S' || n % 4, n % 2 + 1,
      ${new Date(T0)}::timestamptz + n * interval '1 second', now(), 'ws', 'Buy', n, md5(n::text)
    from generate_series(0, 19999) n`.execute(db)
  const positions = new PositionSnapshotRepository(db)
  for (const when of ['before', 'after']) {
    if (when === 'after') await sql`analyze`.execute(db)
    for (const at of [undefined, T0 + 9_999_500]) {
      const legs = await positions.latest(scope, { accountId, ...(at === undefined ? {} : { at }) })
      const last = at === undefined ? 19_999 : 9_999
      expect(legs.map(({ size }) => Number(size)).toSorted()).toEqual(
        [3, 2, 1, 0].map((back) => last - back).toSorted(),
      )
      const { rows } = await db.executeQuery<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
        CompiledQuery.raw(`explain (analyze, format json) ${read?.sql}`, [
          ...(read?.parameters ?? []),
        ]),
      )
      const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
      expect(plan && rowsRead(plan)).toBeLessThan(100)
    }
  }
  await db.destroy()
  await database.drop()
})

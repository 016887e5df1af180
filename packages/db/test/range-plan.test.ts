import { createTestDatabase } from '@grid/testing'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { type GridDatabase, migrate, PublicTradeRepository } from '../src/index.ts'
import { collect, trade } from './events.ts'

const DAY = 86_400_000

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

function scans(node: PlanNode): PlanNode[] {
  const below = (node.Plans ?? []).flatMap(scans)
  return node['Relation Name'] === undefined ? below : [node, ...below]
}

it.each(['before', 'after'])('a page reads no more than it gives, %s analyze', async (when) => {
  const database = await createTestDatabase(inject('postgresUrl'))
  const reads: CompiledQuery[] = []
  const db = new Kysely<GridDatabase>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.url }) }),
    log: ({ query }) => {
      if (/^select .* from public_trades where/.test(query.sql)) reads.push(query)
    },
  })
  await migrate(db)
  const start = Date.UTC(2025, 9, 9)
  const trades = new PublicTradeRepository(db)
  const events = Array.from({ length: 15_000 }, (_, n) =>
    trade({ symbol: `S${n % 2}`, tradeId: `t${n}`, exchangeTs: start + n * (DAY / 5000) }),
  )
  await trades.bulkInsert(events)
  if (when === 'after') await db.executeQuery(CompiledQuery.raw('analyze public_trades'))
  const from = start + DAY
  const range = { category: 'linear', symbol: 'S1', from, to: from + DAY, pageSize: 100 } as const
  expect(await collect(trades.range(range))).toHaveLength(2500)

  expect(reads).toHaveLength(26)
  for (const { sql, parameters } of reads) {
    const { rows } = await db.executeQuery<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      CompiledQuery.raw(`explain (analyze, format json) ${sql}`, [...parameters]),
    )
    const plans = rows.flatMap((row) => row['QUERY PLAN'].map(({ Plan }) => Plan))
    expect(plans).toHaveLength(1)
    for (const scan of plans.flatMap(scans)) {
      expect(scan['Relation Name']).toBe('public_trades_y2025m10d10')
      expect(scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)).toBeLessThanOrEqual(100)
    }
  }
  await db.destroy()
  await database.drop()
})

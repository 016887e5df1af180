import { createTestDatabase, type TestDatabase } from '@grid/testing'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  ensureUpcomingPartitions,
  type GridDatabase,
  migrate,
  PublicTradeRepository,
} from '../src/index.ts'
import { collect, trade } from './events.ts'

const DAY = 86_400_000
const START = Date.UTC(2025, 9, 9)

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

function scans(node: PlanNode): PlanNode[] {
  const below = (node.Plans ?? []).flatMap(scans)
  return node['Relation Name'] === undefined ? below : [node, ...below]
}

describe.each(['before', 'after'])('%s analyze', (when) => {
  let database: TestDatabase
  let db: Kysely<GridDatabase>
  let trades: PublicTradeRepository
  let reads: CompiledQuery[] = []
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    db = new Kysely<GridDatabase>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.url }) }),
      log: ({ query }) => {
        if (/^select .* from public_trades where/.test(query.sql)) reads.push(query)
      },
    })
    await migrate(db)
    await ensureUpcomingPartitions(db)
    trades = new PublicTradeRepository(db)
    const events = Array.from({ length: 15_000 }, (_, n) =>
      trade({ symbol: `S${n % 2}`, tradeId: `t${n}`, exchangeTs: START + n * (DAY / 5000) }),
    )
    await trades.bulkInsert(events)
    const today = Array.from({ length: 5000 }, (_, n) =>
      trade({ symbol: `S${n % 2}`, tradeId: `t${n}`, exchangeTs: Date.now() }),
    )
    await trades.bulkInsert(today)
    if (when === 'after') await db.executeQuery(CompiledQuery.raw('analyze public_trades'))
    reads = []
  })
  afterAll(async () => {
    await db.destroy()
    await database.drop()
  })

  /** The table scans of a query, run once more. */
  async function scansOf({ sql, parameters }: CompiledQuery): Promise<PlanNode[]> {
    const { rows } = await db.executeQuery<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      CompiledQuery.raw(`explain (analyze, format json) ${sql}`, [...parameters]),
    )
    const plans = rows.flatMap((row) => row['QUERY PLAN'].map(({ Plan }) => Plan))
    expect(plans).toHaveLength(1)
    return plans.flatMap(scans)
  }

  it('pages read little more than they give, of one partition each', async () => {
    const from = START + DAY
    const range = { category: 'linear', symbol: 'S1', from, to: from + DAY, pageSize: 100 } as const
    expect(await collect(trades.range(range))).toHaveLength(2500)
    const pages = reads.splice(0)
    expect(pages.length).toBeLessThan(50)
    let read = 0
    for (const page of pages) {
      for (const scan of await scansOf(page)) {
        expect(scan['Relation Name']).toBe('public_trades_y2025m10d10')
        read += scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)
      }
    }
    expect(read).toBeLessThan(1.2 * 2500)
  })

  it('the newest times are found without reading other rows, or older days', async () => {
    const symbols = ['S0', 'S1']
    expect((await trades.lastTsBySymbol({ category: 'linear', symbols })).size).toBe(2)
    const [read, ...more] = reads.splice(0)
    expect(more).toEqual([])
    const touched = await scansOf(read as CompiledQuery)
    const rows = touched.map((scan) => {
      const removed = scan['Rows Removed by Filter'] ?? 0
      return (scan['Actual Rows'] + removed) * scan['Actual Loops']
    })
    expect(rows.reduce((a, b) => a + b)).toBe(2)
    expect(touched.map((scan) => scan['Relation Name']).join()).not.toContain('y2025')
  })
})

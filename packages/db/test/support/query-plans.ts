import { createTestDatabase } from '@grid/testing'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { inject } from 'vitest'
import type { GridDatabase } from '../../src/index.ts'

interface PlanNode {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** What a plan took from one table or partition. */
export interface Scan {
  readonly relation: string
  /** Rows looked at, those that its filter refused among them. */
  readonly rows: number
}

/** An empty database that keeps the queries sent to it, so that their plans can be judged. */
export interface PlannedDatabase {
  readonly db: Kysely<GridDatabase>
  /** Takes the queries kept since the last call. */
  take(): CompiledQuery[]
  /** Runs a query once more, for what it takes from tables. */
  scansOf(query: CompiledQuery): Promise<Scan[]>
  close(): Promise<void>
}

/** Opens a database that keeps the queries that `isKept` says. */
export async function openPlanned(isKept: RegExp): Promise<PlannedDatabase> {
  const database = await createTestDatabase(inject('postgresUrl'))
  const pool = new pg.Pool({ connectionString: database.url })
  // Dropping the database may end a connection before its own end arrives.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  let kept: CompiledQuery[] = []
  const db = new Kysely<GridDatabase>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      if (isKept.test(query.sql)) kept.push(query)
    },
  })
  return {
    db,
    take() {
      const taken = kept
      kept = []
      return taken
    },
    async scansOf({ sql, parameters }) {
      const { rows } = await db.executeQuery<{ 'QUERY PLAN': readonly [{ Plan: PlanNode }] }>(
        CompiledQuery.raw(`explain (analyze, format json) ${sql}`, [...parameters]),
      )
      return rows.flatMap((row) => scans(row['QUERY PLAN'][0].Plan))
    },
    async close() {
      await db.destroy()
      await database.drop()
    },
  }
}

function scans(node: PlanNode): Scan[] {
  const below = (node.Plans ?? []).flatMap(scans)
  const relation = node['Relation Name']
  if (relation === undefined) return below
  const rows = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
  return [{ relation, rows: rows * node['Actual Loops'] }, ...below]
}

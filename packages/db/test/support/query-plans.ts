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

/** The rows that a plan read from one table or partition. */
export interface Scan {
  readonly relation: string
  /** Rows that were read, also those that the filter removed. */
  readonly rows: number
}

/** An empty database that records the queries sent to it, so that tests can look at them and their plans. */
export interface PlannedDatabase {
  readonly db: Kysely<GridDatabase>
  /** Gives the queries recorded since the last call. */
  take(): CompiledQuery[]
  /** Runs a query again, and gives the rows that it reads from tables. */
  scansOf(query: CompiledQuery): Promise<Scan[]>
  close(): Promise<void>
}

/** Opens a database that records the queries that match `isKept`. */
export async function openPlanned(isKept: RegExp): Promise<PlannedDatabase> {
  const database = await createTestDatabase(inject('postgresUrl'))
  const pool = new pg.Pool({ connectionString: database.url })
  // Dropping the database may cut a connection that is about to close.
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

import { createDatabase, type GridDatabase, migrate, PublicTradeRepository } from '@grid/db'
import { createTestDatabase, startPostgres } from '@grid/testing'
import type { Kysely } from 'kysely'
import pg from 'pg'

/** A migrated database for one benchmark, with its connections. */
export interface ScratchDatabase extends AsyncDisposable {
  /** With a pool of two connections. */
  readonly db: Kysely<GridDatabase>
  readonly trades: PublicTradeRepository
  /** A plain connection of the driver. */
  readonly client: pg.Client
}

/** Creates a database on the server of `TEST_DATABASE_URL`, or on a server that it starts. */
export async function openScratchDatabase(): Promise<ScratchDatabase> {
  await using cleanUp = new AsyncDisposableStack()
  const postgres = await startPostgres()
  cleanUp.defer(() => postgres.stop())
  const database = await createTestDatabase(postgres.url)
  cleanUp.defer(() => database.drop())
  const db = createDatabase({ url: database.url, poolSize: 2, statementTimeoutMs: 0 })
  cleanUp.defer(() => db.destroy())
  await migrate(db)
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  cleanUp.defer(() => client.end())
  const kept = cleanUp.move()
  return {
    db,
    trades: new PublicTradeRepository(db),
    client,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** A database for one test file. */
export interface TestDatabase {
  readonly url: string
  /** Removes the database, and ends connections that are still open. */
  drop(): Promise<void>
}

/**
 * Creates an empty database with a unique name.
 *
 * @example
 * const database = await createTestDatabase(inject('postgresUrl'))
 * afterAll(() => database.drop())
 */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `grid_test_${randomBytes(8).toString('hex')}`
  await runOn(serverUrl, `create database ${name} template template0`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: () => runOn(serverUrl, `drop database if exists ${name} with (force)`),
  }
}

async function runOn(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end()
  }
}

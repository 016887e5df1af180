import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** A database for one test file. */
export interface TestDatabase {
  readonly url: string
  /** Removes the database, and ends connections that are still open. */
  drop(): Promise<void>
}

/** How a test's database differs from what is needed. */
export interface TestDatabaseOptions {
  /** The encoding in which it holds texts. Default UTF8. */
  readonly encoding?: 'UTF8' | 'LATIN1' | 'SQL_ASCII'
}

/**
 * Creates an empty database with a unique name.
 *
 * @example
 * const database = await createTestDatabase(inject('postgresUrl'))
 * afterAll(() => database.drop())
 */
export async function createTestDatabase(
  serverUrl: string,
  { encoding }: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const name = `grid_test_${randomBytes(8).toString('hex')}`
  // The server's own locale may ask for UTF8.
  const locale = encoding === undefined ? '' : " lc_collate 'C' lc_ctype 'C'"
  await runOn(
    serverUrl,
    `create database ${name} template template0 encoding '${encoding ?? 'UTF8'}'${locale}`,
  )
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  await moveClock(url.href, name)
  return {
    url: url.href,
    drop: () => runOn(serverUrl, `drop database if exists ${name} with (force)`),
  }
}

/**
 * Sets the database's clock to that of this process, where it is moved (`@grid/config/moved-clock`): a
 * `now()` in `public` hides the server's. The server's own clock must stay, for its timeouts and its
 * detection of deadlocks go by it; so does `clock_timestamp()`, to compare with the server's own times.
 */
async function moveClock(url: string, name: string): Promise<void> {
  const offsetMs = Number(process.env['GRID_CLOCK_OFFSET_MS'] ?? 0)
  if (offsetMs === 0) return
  await runOn(
    url,
    `create function public.now() returns timestamptz language sql stable parallel safe
      return pg_catalog.now() + interval '${offsetMs} milliseconds';
    alter database ${name} set search_path = "$user", public, pg_catalog`,
  )
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

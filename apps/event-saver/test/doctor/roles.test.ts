import { randomBytes } from 'node:crypto'
import { createDatabase, migrate } from '@grid/db'
import { CompiledQuery, type Kysely } from 'kysely'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { examineDatabase } from '../../src/doctor/database.ts'
import { ownDatabase } from '../support/rig.ts'

type Database = Awaited<ReturnType<typeof ownDatabase>>

async function run<Schema>(db: Kysely<Schema>, statement: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(statement))
}

/** A login that is a member of a role, and the database's URL as it; dropped with the scope. */
async function loginOf({ db, url }: Database, role: string) {
  const name = `grid_test_${randomBytes(6).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  await run(db, `create role ${name} login password '${password}' in role ${role}`)
  const own = new URL(url)
  own.username = name
  own.password = password
  return {
    name,
    url: own.href,
    async [Symbol.asyncDispose]() {
      // Casts depend on types that it owns, and are nobody's.
      await run(db, `drop owned by ${name} cascade`)
      await run(db, `drop role ${name}`)
    },
  }
}

async function problemsOf(url: string) {
  const env = { EVENTSAVER_DATABASE_URL: url, EVENTSAVER_WS_URL: 'ws://127.0.0.1:9' }
  const loaded = loadConfig({ flags: {}, env, cwd: process.cwd() })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  const findings = await examineDatabase(loaded.config)
  return findings.flatMap(({ ok, detail, fix }) => (ok ? [] : [`${detail}; ${fix}`]))
}

describe('doctor finds that a login lacks the rights', () => {
  it('that every capture needs, and names them', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'custom:127.0.0.1' })
    await using writer = await loginOf(database, 'pg_read_all_data')
    const [, lacking] = await problemsOf(writer.url)
    expect(lacking).toMatch(
      /lacks insert on capture_gaps, .*; update on capture_gaps, .*, runs; grant it/,
    )
  })

  it('that accounts need, once there is one', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'custom:127.0.0.1' })
    await using writer = await loginOf(database, 'grid_writer')
    await run(database.db, 'revoke insert on private_executions, orders from grid_writer')
    expect(await problemsOf(writer.url)).toHaveLength(1)
    await run(
      database.db,
      "insert into users (user_id, username) values (gen_random_uuid(), 'ann')",
    )
    await run(
      database.db,
      `insert into bybit_accounts (account_id, user_id, account_name, environment)
       select gen_random_uuid(), user_id, 'main', 'custom:127.0.0.1' from users`,
    )
    expect(await problemsOf(writer.url)).toContainEqual(
      expect.stringMatching(/lacks insert on orders, private_executions; grant it/),
    )
  })

  it('to make partitions', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'custom:127.0.0.1' })
    await using writer = await loginOf(database, 'grid_writer')
    expect(await problemsOf(writer.url)).toEqual([
      expect.stringMatching(/does not own the tables.*; capture as \w+, or as a member of it/),
    ])
    expect(await problemsOf(database.url)).toEqual([])
  })

  it('to see the accounts of all users', async () => {
    await using database = await ownDatabase()
    // Makes the roles where there are none yet.
    await using server = await ownDatabase()
    await migrate(server.db)
    await using owner = await loginOf(database, 'grid_owner')
    await run(database.db, `grant create on schema public to ${owner.name}`)
    const db = createDatabase({ url: owner.url })
    await migrate(db, { environment: 'custom:127.0.0.1' }).finally(() => db.destroy())
    expect(await problemsOf(owner.url)).toEqual([
      expect.stringMatching(`hides the accounts.*; grant grid_writer to ${owner.name}`),
    ])
    await run(database.db, `grant grid_writer to ${owner.name}`)
    expect(await problemsOf(owner.url)).toEqual([])
  })
})

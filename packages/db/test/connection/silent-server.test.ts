import { createTestDatabase, type Relay, startRelay, type TestDatabase } from '@grid/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { classifyDatabaseError, createDatabase, migrate } from '../../src/index.ts'

const FAILED = { code: 'SERVER_SILENT', retryable: true }

describe('a network that drops every packet', () => {
  let database: TestDatabase
  let relay: Relay
  beforeEach(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    relay = await startRelay(database.url)
  })
  afterEach(async () => {
    await relay.close()
    await database.drop()
  })

  const open = () => createDatabase({ url: relay.url, poolSize: 1, silenceTimeoutMs: 1_500 })

  it('fails a statement as transient, and a new connection replaces its own', async () => {
    const db = open()
    await sql`select 1`.execute(db)
    relay.swallow()
    const error = await sql`select 1`.execute(db).catch((cause: unknown) => cause)
    expect(error).toMatchObject(FAILED)
    expect(classifyDatabaseError(error)).toBe('transient')
    relay.heal()
    await sql`select 1`.execute(db)
    expect(relay.connections).toBe(1)
    await db.destroy()
  })

  it('fails a transaction as transient, rollback included', async () => {
    const db = open()
    const work = db.transaction().execute(async (trx) => {
      await sql`select 1`.execute(trx)
      relay.swallow()
      await sql`select 2`.execute(trx)
    })
    await expect(work).rejects.toMatchObject(FAILED)
    await db.destroy()
  })

  it('does not delay destroy, with a hanging statement or without', async () => {
    const db = open()
    const running = Promise.withResolvers<void>()
    const work = db.connection().execute(async (connection) => {
      relay.swallow()
      running.resolve()
      await sql`select 1`.execute(connection)
    })
    const failure = expect(work).rejects.toMatchObject(FAILED)
    await running.promise
    await db.destroy()
    await failure
    expect(relay.connections).toBe(0)
    relay.heal()
    const idle = open()
    await sql`select 1`.execute(idle)
    relay.swallow()
    await idle.destroy()
  })
})

it('a migration may wait for another one longer than the limit of a statement', async () => {
  const database = await createTestDatabase(inject('postgresUrl'))
  const hasty = createDatabase({ url: database.url, silenceTimeoutMs: 1_500 })
  const other = createDatabase({ url: database.url })
  const waiters = async () => {
    const { rows } = await sql`
      select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(other)
    return rows.length
  }
  const migration = await other.transaction().execute(async (trx) => {
    await migrate(trx)
    const waiting = migrate(hasty)
    await expect.poll(waiters).toBe(1)
    // Longer than the limit.
    await sql`select pg_sleep(2.5)`.execute(other)
    expect(await waiters()).toBe(1)
    return { waiting }
  })
  expect((await migration.waiting).applied).toEqual([])
  // Afterwards the limit holds again for its connection.
  await expect(sql`select pg_sleep(60)`.execute(hasty)).rejects.toMatchObject(FAILED)
  await Promise.all([hasty.destroy(), other.destroy()])
  await database.drop()
})

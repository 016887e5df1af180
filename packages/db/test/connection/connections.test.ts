import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@grid/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  classifyDatabaseError,
  createDatabase,
  type DatabaseOptions,
  migrate,
  PublicTradeRepository,
} from '../../src/index.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, trade } from '../support/events.ts'

const REFUSED = { code: '25006' }

describe('connections to a server', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    const db = createDatabase({ url: database.url })
    await migrate(db)
    await db.destroy()
  })
  afterAll(() => database.drop())
  const open = (options: Partial<DatabaseOptions>) =>
    createDatabase({ url: database.url, poolSize: 1, ...options })

  it('read and refuse to write in read-only mode, with options in the URL as well', async () => {
    for (const suffix of ['', '?options=-c%20work_mem%3D8MB', '?statement_timeout=1000']) {
      const db = open({ url: database.url + suffix, readOnly: true })
      const trades = new PublicTradeRepository(db)
      await expect(trades.bulkInsert([trade()]), suffix).rejects.toMatchObject(REFUSED)
      await expect(
        db.transaction().execute((trx) => sql`create table t ()`.execute(trx)),
      ).rejects.toMatchObject(REFUSED)
      const { category, symbol } = trade()
      expect(await collect(trades.range({ category, symbol, from: 0, to: Date.now() }))).toEqual([])
      await db.destroy()
    }
  })

  it('can be used after a statement timed out, inside a transaction and outside', async () => {
    const db = open({ statementTimeoutMs: 100 })
    const slow = { code: '57014' }
    await expect(sql`select pg_sleep(60)`.execute(db)).rejects.toMatchObject(slow)
    await expect(
      db.transaction().execute(async (trx) => {
        await sql`create table undone ()`.execute(trx)
        await sql`select pg_sleep(60)`.execute(trx)
      }),
    ).rejects.toMatchObject(slow)
    const { rows } = await sql`
      select to_regclass('undone') as undone, pg_current_xact_id_if_assigned() as open`.execute(db)
    expect(rows).toEqual([{ undone: null, open: null }])
    await db.destroy()
  })

  it('have no limit of a statement’s time where none is wanted, unless the URL names one', async () => {
    const own = await createTestDatabase(inject('postgresUrl'))
    const limit = async (query = ''): Promise<unknown> => {
      const db = createDatabase({ url: own.url + query, statementTimeoutMs: 0 })
      const { rows } = await sql`select current_setting('statement_timeout') as shown`.execute(db)
      await db.destroy()
      return rows[0]
    }
    const db = createDatabase({ url: own.url })
    const name = sql.ref(new URL(own.url).pathname.slice(1))
    await sql`alter database ${name} set statement_timeout = '100ms'`.execute(db)
    await db.destroy()
    expect(await limit()).toEqual({ shown: '0' })
    expect(await limit('?statement_timeout=5000')).toEqual({ shown: '5s' })
    await own.drop()
  })

  it('are not used again once the server ended them in a transaction', async () => {
    const db = open({ idleInTransactionTimeoutMs: 100 })
    const watcher = open({})
    const sessions = async (): Promise<number> => {
      const { rows } = await sql`
        select 1 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(watcher)
      return rows.length
    }
    const work = db.transaction().execute(async (trx) => {
      await sql`create table undone ()`.execute(trx)
      await expect.poll(sessions).toBe(0)
      await sql`select 1`.execute(trx)
    })
    const error = await work.catch((cause: unknown) => cause)
    expect(classifyDatabaseError(error), String(error)).toBe('transient')
    await sql`create table undone ()`.execute(db)
    await db.destroy()
    await watcher.destroy()
  })

  it('are closed after they were unused for a while', async () => {
    const db = open({ idleTimeoutMs: 50 })
    const watcher = open({})
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)
    const isOpen = async (): Promise<boolean> => {
      const found = await sql`
        select 1 from pg_stat_activity where pid = ${rows[0]?.pid ?? 0}`.execute(watcher)
      return found.rows.length > 0
    }
    await expect.poll(isOpen).toBe(false)
    await sql`select 1`.execute(db)
    await db.destroy()
    await watcher.destroy()
  })
})

describe('read-only PGlite', { timeout: START_TIMEOUT_MS }, () => {
  it('reads, refuses to write, and makes no database where there is none', async () => {
    const home = mkdtempSync(join(tmpdir(), 'grid-read-only-'))
    const url = `pglite:${join(home, 'grid')}`
    const early = createDatabase({ url, readOnly: true })
    await expect(sql`select 1`.execute(early)).rejects.toMatchObject({ code: 'DATABASE_MISSING' })
    expect(existsSync(join(home, 'grid'))).toBe(false)
    const writer = createDatabase({ url })
    // Refused as soon as another one has the directory, whatever is in it by then.
    const opening = migrate(writer)
    await expect.poll(() => existsSync(join(home, 'grid.lock.pid')), { interval: 1 }).toBe(true)
    await expect(sql`select 1`.execute(early)).rejects.toMatchObject({ code: 'DATABASE_LOCKED' })
    await opening
    await new PublicTradeRepository(writer).bulkInsert([trade()])
    await writer.destroy()
    const db = createDatabase({ url, readOnly: true })
    const trades = new PublicTradeRepository(db)
    await expect(trades.bulkInsert([trade({ tradeId: 'new' })])).rejects.toMatchObject(REFUSED)
    await expect(
      db.transaction().execute((trx) => sql`create table t ()`.execute(trx)),
    ).rejects.toMatchObject(REFUSED)
    const { category, symbol } = trade()
    const read = await collect(trades.range({ category, symbol, from: 0, to: Date.now() }))
    expect(read).toHaveLength(1)
    await db.destroy()
    rmSync(home, { recursive: true })
  })
})

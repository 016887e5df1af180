import { createTestDatabase, type TestDatabase } from '@grid/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import {
  assertReadable,
  assertWritable,
  createDatabase,
  inspectDatabase,
  migrate,
  SCHEMA_VERSION,
} from '../../src/index.ts'
import { DATABASES, START_TIMEOUT_MS } from '../support/databases.ts'

describe.each(DATABASES)('migrate on %s', (_name, open) => {
  it(
    'brings an empty database to the newest schema, once, and keeps its environment',
    async () => {
      const { db, close } = await open()
      try {
        const empty = await inspectDatabase(db)
        expect(empty).toMatchObject({ environment: null, schemaVersion: 0, minWriter: 0 })
        expect(empty.pending).toHaveLength(SCHEMA_VERSION)
        await expect(assertWritable(db)).rejects.toMatchObject({
          code: 'NOT_MIGRATED',
          message: expect.stringContaining('0001-public-data'),
        })
        expect(await migrate(db)).toMatchObject({ applied: empty.pending, environment: null })
        expect(await migrate(db, { environment: 'testnet' })).toMatchObject({
          applied: [],
          schemaVersion: SCHEMA_VERSION,
          environment: 'testnet',
        })
        const mismatch = { code: 'ENVIRONMENT_MISMATCH', message: /testnet, not mainnet/ }
        await expect(migrate(db, { environment: 'mainnet' })).rejects.toMatchObject({
          ...mismatch,
          message: expect.stringMatching(mismatch.message),
        })
        await expect(assertReadable(db, { environment: 'mainnet' })).rejects.toMatchObject({
          code: mismatch.code,
        })
        expect(await migrate(db)).toMatchObject({ environment: 'testnet' })
        expect(await assertWritable(db, { environment: 'testnet' })).toMatchObject({ pending: [] })
      } finally {
        await close()
      }
    },
    START_TIMEOUT_MS,
  )
})

it.each(['LATIN1', 'SQL_ASCII'] as const)(
  'refuses a database in %s, which cannot hold every text, before it changes anything',
  async (encoding) => {
    const database = await createTestDatabase(inject('postgresUrl'), { encoding })
    const db = createDatabase({ url: database.url })
    try {
      for (const attempt of [() => migrate(db), () => assertWritable(db)]) {
        await expect(attempt()).rejects.toMatchObject({
          code: 'ENCODING_UNSUPPORTED',
          message: expect.stringContaining(`has the encoding ${encoding}`),
          context: { databaseName: new URL(database.url).pathname.slice(1), encoding },
        })
      }
      expect(await inspectDatabase(db)).toMatchObject({ schemaVersion: 0, encoding })
    } finally {
      await db.destroy()
      await database.drop()
    }
  },
)

describe('migrate on a shared server', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
  })
  afterEach(() => database.drop())

  it('lets two processes migrate at once', async () => {
    const both = [1, 2].map(() => createDatabase({ url: database.url }))
    const reports = await Promise.all(both.map((db) => migrate(db, { environment: 'demo' })))
    expect(reports.flatMap(({ applied }) => applied)).toHaveLength(SCHEMA_VERSION)
    await Promise.all(both.map((db) => db.destroy()))
  })

  it('leaves a newer database as it is while it may write to it, and otherwise refuses it', async () => {
    const db = createDatabase({ url: database.url })
    await migrate(db, { environment: 'demo' })
    const newer = SCHEMA_VERSION + 2
    await sql`update grid_meta set schema_version = ${newer}`.execute(db)
    expect(await migrate(db)).toMatchObject({ applied: [], schemaVersion: newer })
    await assertWritable(db)
    await sql`update grid_meta set min_writer = ${newer}`.execute(db)
    await assertReadable(db)
    for (const attempt of [() => migrate(db), () => assertWritable(db)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'SCHEMA_TOO_NEW',
        message: expect.stringMatching(new RegExp(`${newer}.*${SCHEMA_VERSION}`)),
      })
    }
    await sql`update grid_meta set min_reader = ${newer}`.execute(db)
    await expect(assertReadable(db)).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW' })
    await db.destroy()
  })

  it('does all or nothing', async () => {
    const db = createDatabase({ url: database.url })
    // The name of the last table is taken, so the migration fails after it has made others.
    await sql`create table capture_gaps (id integer)`.execute(db)
    await expect(migrate(db)).rejects.toMatchObject({ code: '42P07' })
    expect(await inspectDatabase(db)).toMatchObject({ schemaVersion: 0 })
    await sql`drop table capture_gaps`.execute(db)
    expect((await migrate(db)).applied).toHaveLength(SCHEMA_VERSION)
    await db.destroy()
  })
})

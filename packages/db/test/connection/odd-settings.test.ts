import { createTestDatabase, findPgbouncer, startPgbouncer, type TestDatabase } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  createDatabase,
  freezeClosedDays,
  type GridDatabase,
  inspectDatabase,
  listRemovedDays,
  migrate,
  pruneDays,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import type { Tenant } from '../support/private-events.ts'
import { fill, readAll } from '../support/read-all.ts'

const DAY_MS = 86_400_000
/** Values that change how a server writes, what it understands, or what it finds. */
const ODD: Readonly<Record<string, string>> = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  client_encoding: 'SJIS',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  quote_all_identifiers: 'on',
  array_nulls: 'off',
  transform_null_equals: 'on',
  row_security: 'off',
  default_transaction_isolation: 'repeatable read',
  lc_messages: 'POSIX',
  lc_monetary: 'POSIX',
  lc_numeric: 'POSIX',
  lc_time: 'POSIX',
  jit: 'on',
  search_path: 'elsewhere, public',
}
const STYLES = ['SQL, DMY', 'Postgres, MDY', 'German, DMY']

async function makeOdd(db: Kysely<GridDatabase>, target: string): Promise<void> {
  for (const [name, value] of Object.entries(ODD)) {
    const text = name === 'search_path' ? value : `'${value}'`
    await sql.raw(`alter ${target} set ${name} = ${text}`).execute(db)
  }
}

/** Other tables under our names, in the schema that the odd search path begins with. */
async function hide(db: Kysely<GridDatabase>): Promise<void> {
  await sql`create schema elsewhere`.execute(db)
  for (const name of ['users', 'orders', 'public_trades', 'capture_gaps', 'runs']) {
    await sql`create table elsewhere.${sql.ref(name)} (id integer)`.execute(db)
  }
}

describe('under odd settings', { timeout: START_TIMEOUT_MS }, () => {
  let database: TestDatabase
  let plain: Kysely<GridDatabase>
  let tenant: Tenant
  const role = `grid_odd_${process.pid}`

  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'))
    plain = createDatabase({ url: database.url })
    await migrate(plain, { environment: 'testnet' })
    await hide(plain)
    tenant = await fill(plain, 'plain')
    await sql`create role ${sql.ref(role)} login superuser`.execute(plain)
    await makeOdd(plain, `role ${role}`)
  })
  afterAll(async () => {
    await sql`drop role if exists ${sql.ref(role)}`.execute(plain)
    await plain.destroy()
    await database.drop()
  })

  const withParameter = (name: string, value: string): string => {
    const url = new URL(database.url)
    url.searchParams.set(name, value)
    return url.href
  }
  const optionsText = (settings: Readonly<Record<string, string>>): string =>
    Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
      .join(' ')

  const asRole = (): string => {
    const url = new URL(database.url)
    url.username = role
    return url.href
  }

  it.each([
    ['the URL', () => withParameter('options', optionsText(ODD))],
    ...STYLES.map((style): [string, () => string] => [
      style,
      () => withParameter('options', optionsText({ DateStyle: style })),
    ]),
    ['no path at all', () => withParameter('options', '-c search_path=')],
    ['a role', asRole],
  ])('of %s, every repository reads and writes the same', async (name, urlOf) => {
    const odd = createDatabase({ url: urlOf() })
    expect(await readAll(odd, tenant)).toEqual(await readAll(plain, tenant))
    const own = await fill(odd, `by ${name}`)
    expect(await readAll(plain, own)).toEqual(await readAll(odd, own))
    await odd.destroy()
  })

  it('finds the tables of a schema that the search path leaves out, and does not migrate twice', async () => {
    const odd = createDatabase({ url: withParameter('options', '-c search_path=elsewhere') })
    expect(await inspectDatabase(odd)).toMatchObject({ environment: 'testnet', pending: [] })
    expect((await migrate(odd, { environment: 'testnet' })).applied).toEqual([])
    await odd.destroy()
  })

  it('keeps the other schemas of the search path', async () => {
    const odd = createDatabase({ url: withParameter('options', '-c search_path=elsewhere') })
    await sql`create table elsewhere.own_table ()`.execute(odd)
    expect((await sql`select * from own_table`.execute(odd)).rows).toEqual([])
    await odd.destroy()
  })
})

const IGNORED = [
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'options',
  'IntervalStyle',
  'bytea_output',
  'extra_float_digits',
  'quote_all_identifiers',
  'array_nulls',
  'transform_null_equals',
  'row_security',
  'default_transaction_isolation',
  'search_path',
]
const POOLERS: readonly (readonly [string, readonly string[], number])[] = [
  ['refuses', [], 0],
  ['ignores', [`ignore_startup_parameters = ${IGNORED.join(', ')}`], 60_000],
]

describe.skipIf(findPgbouncer() === null).each(POOLERS)(
  'through a transaction pooler that %s parameters',
  { timeout: START_TIMEOUT_MS },
  (_name, settings, timeoutMs) => {
    it('every repository reads and writes the same under odd settings of the database', async () => {
      const database = await createTestDatabase(inject('postgresUrl'))
      const direct = createDatabase({ url: database.url })
      await migrate(direct, { environment: 'testnet' })
      await hide(direct)
      const tenant = await fill(direct, 'plain')
      const expected = await readAll(direct, tenant)
      await makeOdd(direct, `database ${new URL(database.url).pathname.slice(1)}`)
      const pooler = await startPgbouncer(database.url, settings)
      const limits = { statementTimeoutMs: timeoutMs, idleInTransactionTimeoutMs: timeoutMs }
      const db = createDatabase({ url: pooler.url, ...limits })
      const many = await Promise.all([1, 2].map(() => readAll(db, tenant)))
      for (const read of many) expect(read).toEqual(expected)
      const own = await fill(db, 'pooled')
      expect(await readAll(direct, own)).toEqual(await readAll(db, own))
      expect((await freezeClosedDays(db, { limit: 1 })).frozen).toHaveLength(1)
      const prune = { table: 'public_trades', olderThanMs: DAY_MS, requestedBy: 'test' } as const
      const { removed } = await pruneDays(db, prune)
      expect(removed).toMatchObject([{ day: '2023-01-01' }, { day: '2025-10-09' }])
      expect(await listRemovedDays(db)).toEqual(await listRemovedDays(direct))
      await Promise.all([db.destroy(), direct.destroy()])
      await pooler.stop()
      await database.drop()
    })
  },
)

describe.each(DATABASES)('on %s', (_kind, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('a session has the forms in which values are read', async () => {
    const { rows } = await sql<{ text: string }>`
      select concat_ws(' ', timestamptz '2026-11-22 08:00+00', '\\x00ff'::bytea,
        interval '1 day 2 hours', 1::float8 / 3) as text`.execute(opened.db)
    expect(rows[0]?.text).toBe('2026-11-22 08:00:00+00 \\x00ff 1 day 02:00:00 0.3333333333333333')
  })
})

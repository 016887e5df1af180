import { instrumentFromJson } from '@grid/core-events'
import { createTestDatabase, findPgbouncer, startPgbouncer, type TestDatabase } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  createDatabase,
  freezeClosedDays,
  type GridDatabase,
  InstrumentRepository,
  inspectDatabase,
  listPartitions,
  listRemovedDays,
  migrate,
  OperatorRepository,
  PublicTradeRepository,
  pruneDays,
  readMarket,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, T0, ticker, trade } from '../support/events.ts'
import { fillTenant, KEYS, type Tenant } from '../support/private-events.ts'
import { callsOn } from '../support/tenant-calls.ts'

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

/** Methods that change something: they are called, and what they give is not compared. */
const CHANGES = /^(set|mark|add|start|finish|heartbeat|closeStale|enable|disable|rotate|remove)/

const DAY_MS = 86_400_000
const OLD = Date.UTC(2023, 0, 1)
const MARKET = { category: 'linear', from: 0, to: T0 + 1 } as const

/** What a database gives by every method that reads. */
async function readAll(db: Kysely<GridDatabase>, tenant: Tenant) {
  const read = new Map<string, unknown>()
  for (const [repository, methods] of callsOn(db)) {
    for (const [method, call] of Object.entries(methods)) {
      if (CHANGES.test(method)) continue
      const { name } = repository as { readonly name: string }
      read.set(`${name}.${method}`, await call(tenant, tenant))
    }
  }
  const trades = new PublicTradeRepository(db)
  const tickers = new TickerSnapshotRepository(db)
  const operator = new OperatorRepository(db, { keys: KEYS })
  const symbols = ['BTCUSDT']
  const ofOne = { ...MARKET, symbol: 'BTCUSDT' }
  const others: Readonly<Record<string, () => Promise<unknown>>> = {
    'trades.range': () => collect(trades.range(ofOne)),
    'trades.bars': () => collect(trades.bars(ofOne, '1m')),
    'trades.counts': () => collect(trades.counts(ofOne, '1m')),
    'trades.latest': () => trades.latest({ category: 'linear', symbols }),
    'trades.endTimes': () => trades.endTimes({ category: 'linear', symbols }),
    'trades.symbols': () => trades.symbols(MARKET),
    'tickers.range': () => collect(tickers.range(ofOne)),
    'tickers.asOf': () => tickers.asOf({ category: 'linear', symbols, at: T0, maxAgeMs: 1000 }),
    readMarket: () =>
      collect(readMarket(db, { ...MARKET, symbols, channels: ['ticker', 'publicTrade'] })),
    'instruments.asOf': () => new InstrumentRepository(db).asOf(T0),
    'instruments.history': () => new InstrumentRepository(db).history(),
    'instruments.listings': () => new InstrumentRepository(db).listings(),
    'instruments.lastLists': () => new InstrumentRepository(db).lastLists(),
    allEnabledAccounts: () => operator.allEnabledAccounts(),
    getUserByName: () => operator.getUserByName(tenant.name),
    listUsers: () => operator.listUsers(),
    latestRunByType: () => operator.latestRunByType('live'),
    inspectDatabase: () => inspectDatabase(db),
    listPartitions: () => listPartitions(db, { exact: true }),
    listRemovedDays: () => listRemovedDays(db),
    isolation: () => sql`show transaction_isolation`.execute(db),
    isolationOfTransaction: () =>
      db.transaction().execute((trx) => sql`show transaction_isolation`.execute(trx)),
    isolationAsked: () =>
      db
        .transaction()
        .setIsolationLevel('serializable')
        .execute((trx) => sql`show transaction_isolation`.execute(trx)),
    // What a user of the package reads by Kysely itself.
    runs: () => db.selectFrom('runs').selectAll().execute(),
    bytes: () => db.selectFrom('dead_letters').select('raw').execute(),
  }
  for (const [name, call] of Object.entries(others)) read.set(name, await call())
  return read
}

/** Fills a migrated database by every method that changes something. */
async function fill(db: Kysely<GridDatabase>, name: string): Promise<Tenant> {
  const spare = await fillTenant(db, `${name} spare`)
  for (const [, methods] of callsOn(db)) {
    for (const [method, call] of Object.entries(methods)) {
      if (CHANGES.test(method)) await call(spare, spare)
    }
  }
  const trades = new PublicTradeRepository(db)
  await trades.bulkInsert([trade(), trade({ exchangeTs: T0 - 60_000 }), trade({ exchangeTs: OLD })])
  await new TickerSnapshotRepository(db).bulkInsert([
    ticker(),
    ticker({ seq: 2, extra: { note: 'naïve \\ 日本' } }),
  ])
  const instruments = ['BTCUSDT', name.replaceAll(/\W/g, '')].map((symbol) =>
    instrumentFromJson({ symbol, status: 'Trading', baseCoin: 'BTC', quoteCoin: 'USDT' }),
  )
  await new InstrumentRepository(db).record(
    { category: 'linear', instruments, isComplete: true },
    { exchangeTs: T0, localTsUs: T0 * 1000, collector: 'saver-1' },
  )
  return fillTenant(db, name)
}

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

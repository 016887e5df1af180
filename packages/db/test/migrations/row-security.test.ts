import { randomBytes } from 'node:crypto'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  AccountRepository,
  asTenant,
  CaptureGapRepository,
  createDatabase,
  DeadLetterRepository,
  ExecutionRepository,
  type GridDatabase,
  migrate,
  OperatorRepository,
  OrderRepository,
  PublicTradeRepository,
} from '../../src/index.ts'
import {
  DATABASES,
  type OpenedDatabase,
  openPostgres,
  START_TIMEOUT_MS,
} from '../support/databases.ts'
import { T0, trade } from '../support/events.ts'
import {
  credential,
  execution,
  fillTenant,
  KEYS,
  order,
  type Tenant,
} from '../support/private-events.ts'

const DENIED = { code: '42501' }

/** The tables that have rows of users, found in the catalog by the columns that name one. */
async function tenantTables(db: Kysely<GridDatabase>) {
  const { rows } = await sql<{ table: string; of: string; forced: boolean }>`
    select relname::text as table, min(attname) as of,
      bool_and(relrowsecurity and relforcerowsecurity) as forced
    from pg_class join pg_attribute on attrelid = pg_class.oid
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and attname in ('user_id', 'account_id', 'strategy_id', 'run_id', 'stream_id')
    group by relname order by relname`.execute(db)
  return rows
}

describe.each(DATABASES)('row security on %s', (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    expect(await migrate(opened.db)).toMatchObject({ warnings: [] })
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('is on every table that has a user or an account, and binds the owner', async () => {
    const tables = await tenantTables(opened.db)
    expect(tables.map(({ table }) => table)).toContain('private_executions')
    const { rows } = await sql<{ table: string; policies: string[] }>`
      select tablename::text as table, array_agg(policyname::text order by policyname) as policies
      from pg_policies where cmd = 'ALL' and roles = '{public}' and qual is not null
        and with_check is not null group by tablename order by tablename`.execute(opened.db)
    expect(rows).toEqual(
      tables.map(({ table }) => ({ table, policies: [`${table}_ingest`, `${table}_tenant`] })),
    )
    expect(tables.filter(({ forced }) => !forced)).toEqual([])
  })

  it('is set up once: migrating again changes nothing and takes no lock on tables', async () => {
    const grants = async () => {
      const { rows } = await sql`select relname::text, relacl::text, xmin::text from pg_class
        where relnamespace = 'public'::regnamespace order by 1`.execute(opened.db)
      return rows
    }
    const before = await grants()
    expect(await migrate(opened.db)).toMatchObject({ applied: [], warnings: [] })
    expect(await grants()).toEqual(before)
  })
})

describe('the roles, on PostgreSQL,', () => {
  let opened: OpenedDatabase & { readonly url: string }
  let alice: Tenant
  let bob: Tenant
  const logins: string[] = []
  const connected: Kysely<GridDatabase>[] = []

  /** Makes a login that is a member of a role, and connects with it. */
  async function connectAs(role: string, to = opened): Promise<Kysely<GridDatabase>> {
    const login = `grid_test_${randomBytes(6).toString('hex')}`
    const password = randomBytes(12).toString('hex')
    await run(opened.db, `create role ${login} login password '${password}' in role ${role}`)
    logins.push(login)
    if (role === 'grid_owner') await run(to.db, `grant create on schema public to ${login}`)
    const url = new URL(to.url)
    url.username = login
    url.password = password
    // One connection, so that a setting that outlives its transaction would show in the next one.
    const db = createDatabase({ url: url.href, poolSize: 1 })
    connected.push(db)
    return db
  }

  beforeAll(async () => {
    opened = await openPostgres()
    await migrate(opened.db, { environment: 'testnet' })
    alice = await fillTenant(opened.db, 'alice')
    bob = await fillTenant(opened.db, 'bob')
    await run(
      opened.db,
      `insert into coverage_days select date '2026-01-01', id, 1, 0, 1, 1, '{}' from streams`,
    )
    await new PublicTradeRepository(opened.db).bulkInsert([trade()])
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    for (const db of connected) await db.destroy()
    await opened.close()
    const server = createDatabase({ url: inject('postgresUrl') })
    for (const login of logins) await run(server, `drop role ${login}`)
    await server.destroy()
  })

  const countOf = async (db: Kysely<GridDatabase>, table: string, where = 'true') => {
    const { rows } = await db.executeQuery<{ rows: number }>(
      CompiledQuery.raw(`select count(*)::integer as rows from ${table} where ${where}`),
    )
    return rows[0]?.rows
  }

  it('a reader sees the rows of the user that it names, and none without a name', async () => {
    const reader = await connectAs('grid_reader')
    for (const { table, of } of await tenantTables(opened.db)) {
      const streamOf = (tenant: Tenant) =>
        `(select id from streams where account_id = '${tenant.accountId}')`
      const idOf = (tenant: Tenant) => (of === 'user_id' ? tenant.userId : tenant.accountId)
      const isOf = (tenant: Tenant) =>
        of === 'stream_id' ? `= ${streamOf(tenant)}` : `= '${idOf(tenant)}'`
      const seenOf = (db: Kysely<GridDatabase>, tenant: Tenant) =>
        countOf(db, table, `${of} ${isOf(tenant)}`)
      if (table === 'api_credentials') {
        await expect(countOf(reader, table)).rejects.toMatchObject(DENIED)
        continue
      }
      const name = (count: number | undefined) => `${table}: ${count}`
      expect(name(await seenOf(reader, alice))).toBe(name(0))
      for (const [me, other] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        await asTenant(reader, me.userId, async (trx) => {
          expect(name(await seenOf(trx, me))).toBe(name(1))
          expect(name(await seenOf(trx, other))).toBe(name(0))
          expect(name(await countOf(trx, table))).toBe(name(1))
        })
      }
      expect(name(await countOf(reader, table))).toBe(name(0))
    }
    expect(await countOf(reader, 'public_trades')).toBe(1)
  })

  it('in a reader’s own transaction the user holds only while the work runs', async () => {
    const reader = await connectAs('grid_reader')
    const seen = await reader.transaction().execute(async (trx) => {
      const count = () => countOf(trx, 'runs', `user_id = '${alice.userId}'`)
      const within = await asTenant(trx, alice.userId, async (inner) => [
        await count(),
        await asTenant(inner, bob.userId, count),
        await count(),
      ])
      const failed = asTenant(trx, alice.userId, () => Promise.reject(new Error('no')))
      await expect(failed).rejects.toThrow('no')
      return [...within, await count()]
    })
    expect(seen).toEqual([1, 0, 1, 0])
  })

  it('a reader changes nothing, not even rows of its user', async () => {
    const reader = await connectAs('grid_reader')
    const attempts = [
      `update runs set status = 'failed', end_ts = now()`,
      'delete from private_executions',
      'update bybit_accounts set user_id = user_id',
      `insert into users (username) values ('mallory')`,
      'truncate orders',
      'alter table runs disable row level security',
    ]
    for (const attempt of attempts) {
      const work = asTenant(reader, alice.userId, (trx) => run(trx, attempt))
      await expect(work, attempt).rejects.toMatchObject(DENIED)
    }
  })

  it('a writer stores data of any account, and may do nothing else', async () => {
    const writer = await connectAs('grid_writer')
    expect(await migrate(writer, { environment: 'testnet' })).toMatchObject({ applied: [] })
    const accounts = await new OperatorRepository(writer, { keys: KEYS }).allEnabledAccounts()
    expect(accounts.map(({ fault }) => fault)).toEqual([null, null])
    const executions = new ExecutionRepository(writer)
    const sent = [alice, bob].map(({ accountId }) => execution({ accountId, execId: 'w' }))
    expect(await executions.bulkInsert(sent)).toMatchObject({ inserted: 2 })
    const fuller = sent.map((event) => ({ ...event, orderId: 'o' }))
    expect(await executions.bulkInsert(fuller)).toMatchObject({ merged: 2 })
    const cancelled = order({ accountId: bob.accountId, orderStatus: 'Cancelled', exchangeTs: T0 })
    expect(await new OrderRepository(writer).bulkInsert([cancelled])).toMatchObject({ inserted: 1 })
    expect(await new OrderRepository(writer).states(bob, bob)).toMatchObject([
      { orderStatus: 'Cancelled' },
    ])
    expect(
      await new PublicTradeRepository(writer).bulkInsert([trade({ tradeId: 'w' })]),
    ).toMatchObject({ inserted: 1 })
    for (const attempt of [
      'delete from private_executions',
      `update bybit_accounts set status = 'disabled'`,
      'update api_credentials set is_active = false',
      'update public_trades set price = 0',
      `insert into users (username) values ('mallory')`,
    ]) {
      await expect(run(writer, attempt), attempt).rejects.toMatchObject(DENIED)
    }
  })

  it('an owner in grid_owner is bound too, and can still manage a tenant’s accounts', async () => {
    const other = await openPostgres()
    const db = await connectAs('grid_owner', other)
    expect(await migrate(db, { environment: 'testnet' })).toMatchObject({ warnings: [] })
    const tenant = await fillTenant(other.db, 'carol')
    expect(await countOf(db, 'private_executions')).toBe(0)
    // A method for all users throws rather than find too few.
    const operator = new OperatorRepository(db, { keys: KEYS })
    const letters = new DeadLetterRepository(db)
    const gaps = new CaptureGapRepository(db)
    for (const call of [
      () => operator.allEnabledAccounts(),
      () => operator.allSealedAccounts(),
      () => operator.addUser({ username: 'mallory' }),
      () => operator.getUserByName('carol'),
      () => operator.listUsers(),
      () => operator.listActiveUsers(),
      () => operator.reencryptSecrets(),
      () => operator.latestRunByType('live'),
      () => operator.closeOrphanedRuns({ silentForMs: 0 }),
      () => operator.attributeEvents({ since: 0 }),
      () => letters.list({ of: 'everyone' }),
      () => letters.markRetried('everyone', [tenant.letterId]),
      () => letters.setReasons('everyone', new Map([[tenant.letterId, 'hidden']])),
      () => gaps.list({ of: 'everyone' }),
      () => gaps.setState('everyone', tenant.gapId, 'filled'),
    ]) {
      await expect(call(), String(call)).rejects.toMatchObject({ code: 'TENANTS_HIDDEN' })
    }
    await expect(
      new ExecutionRepository(db).bulkInsert([execution({ ...tenant, execId: 'x' })]),
    ).rejects.toMatchObject(DENIED)
    await asTenant(db, tenant.userId, async (trx) => {
      expect(await countOf(trx, 'private_executions')).toBe(1)
      const accounts = new AccountRepository(trx, { keys: KEYS })
      await accounts.add(tenant, { accountName: 'second', credential: credential() })
      expect(await accounts.list(tenant)).toHaveLength(2)
    })
    await db.destroy()
    await other.close()
  })
})

it(
  'a migration that may not make roles warns and goes on; a later one grants',
  async () => {
    // A server of its own, because roles belong to the server.
    const db = createDatabase({ url: 'pglite::memory:' })
    await run(db, 'create role plain')
    await run(db, 'grant create on schema public to plain')
    await run(db, 'set role plain')
    const { warnings, applied } = await migrate(db, { environment: 'testnet' })
    expect(applied).not.toEqual([])
    expect(warnings).toEqual([
      expect.stringMatching(/plain may not create the roles grid_owner, grid_writer, grid_reader/),
    ])
    const tenant = await fillTenant(db, 'dave')
    const executions = new ExecutionRepository(db)
    expect(await executions.exists(tenant, { ...tenant, execId: 'e1' })).toBe(true)

    await run(db, 'reset role')
    for (const role of ['owner', 'writer', 'reader']) await run(db, `create role grid_${role}`)
    await run(db, 'set role plain')
    expect(await migrate(db)).toMatchObject({
      applied: [],
      warnings: [expect.stringMatching(/does not bind plain.*grant it grid_owner/)],
    })
    // The user may do what it could before, and now there is a reader.
    expect(await executions.bulkInsert([execution({ ...tenant, execId: 'e2' })])).toMatchObject({
      inserted: 1,
    })
    await run(db, 'set role grid_reader')
    const seen = async (userId: string) =>
      asTenant(db, userId, async (trx) => {
        const rows = await trx.selectFrom('private_executions').select('exec_id').execute()
        return rows.length
      })
    expect(await seen(tenant.userId)).toBe(2)
    expect(await seen(tenant.accountId)).toBe(0)

    await run(db, 'reset role')
    await run(db, 'grant grid_owner to plain')
    await run(db, 'set role plain')
    expect(await migrate(db)).toMatchObject({ warnings: [] })
    expect(await executions.exists(tenant, { ...tenant, execId: 'e1' })).toBe(false)
    await run(db, 'reset role')
    await run(db, 'grant grid_writer to plain')
    await run(db, 'set role plain')
    expect(await executions.exists(tenant, { ...tenant, execId: 'e1' })).toBe(true)
    await db.destroy()
  },
  START_TIMEOUT_MS,
)

async function run(db: Kysely<GridDatabase>, statement: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(statement))
}

import { createTestDatabase, type TestDatabase } from '@grid/testing'
import { sql } from 'kysely'
import { types } from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createDatabase, migrate } from '../../src/index.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'
import { fillTenant } from '../support/private-events.ts'
import { callsOn } from '../support/tenant-calls.ts'

/** Types that programs read in another way, for all of `pg`: boolean, bytea, numbers, JSON, instants. */
const SHARED = [16, 17, 20, 21, 23, 26, 114, 700, 701, 1184, 1700, 3802]
const CHANGES = /^(set|add|start|finish|heartbeat|closeStale|enable|disable|rotate|remove)/

let database: TestDatabase
const before = SHARED.map((oid) => [oid, types.getTypeParser(oid, 'text')] as const)

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'))
}, START_TIMEOUT_MS)
afterAll(async () => {
  for (const [oid, parse] of before) types.setTypeParser(oid, parse)
  await database.drop()
})

it('reads the same, whatever a program has set for all of pg', { timeout: 300_000 }, async () => {
  const db = createDatabase({ url: database.url })
  await migrate(db, { environment: 'testnet' })
  const tenant = await fillTenant(db, 'tenant')
  const readAll = async () => {
    const read = new Map<string, unknown>()
    for (const [repository, methods] of callsOn(db)) {
      const { name } = repository as { readonly name: string }
      for (const [method, call] of Object.entries(methods)) {
        if (!CHANGES.test(method)) read.set(`${name}.${method}`, await call(tenant, tenant))
      }
    }
    const { rows } = await sql`
      select true as flag, 1::smallint as small, 2 as whole, 3::bigint as large, 4::oid as id,
        0.5::real as short, 1::float8 / 3 as float, 1.50 as number, '\\x00ff'::bytea as bytes,
        '{"a":1}'::json as json, '{"b":[2]}'::jsonb as jsonb, 'infinity'::timestamptz as ever,
        timestamptz '2026-11-30 17:00:00.123456+01' as instant`.execute(db)
    read.set('values', rows)
    read.set('runs', await db.selectFrom('runs').selectAll().execute())
    return read
  }
  const expected = await readAll()
  for (const oid of SHARED) types.setTypeParser(oid, () => 'of another program')
  expect(types.getTypeParser(1184, 'text')('2026-11-30 17:00:00+00')).toBe('of another program')
  expect(await readAll()).toEqual(expected)
  expect(expected.get('values')).toEqual([
    {
      flag: true,
      small: 1,
      whole: 2,
      large: '3',
      id: 4,
      short: 0.5,
      float: 1 / 3,
      number: '1.50',
      bytes: Buffer.from([0, 255]),
      json: { a: 1 },
      jsonb: { b: [2] },
      ever: Number.POSITIVE_INFINITY,
      instant: new Date('2026-11-30T16:00:00.123Z'),
    },
  ])
  await db.destroy()
})

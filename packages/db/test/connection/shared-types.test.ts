import { createTestDatabase, type TestDatabase } from '@grid/testing'
import { type Kysely, sql } from 'kysely'
import { defaults, types } from 'pg'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import {
  createDatabase,
  freezeClosedDays,
  type GridDatabase,
  listRemovedDays,
  migrate,
  PublicTradeRepository,
  pruneDays,
} from '../../src/index.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'
import { decimal, trade } from '../support/events.ts'
import type { Tenant } from '../support/private-events.ts'
import { fill, readAll } from '../support/read-all.ts'

/** Types that programs read in another way, for all of `pg`: all that it knows, and arrays. */
const SHARED = [
  ...Object.values(types.builtins),
  ...[199, 1000, 1001, 1002, 1003, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1028, 1115],
  ...[1182, 1185, 1187, 1231, 2951, 3807],
]
const DAY_MS = 86_400_000

const before = SHARED.flatMap((oid) =>
  (['text', 'binary'] as const).map(
    (format) => [oid, format, types.getTypeParser(oid, format)] as const,
  ),
)
const setBack = (): void => {
  for (const [oid, format, parse] of before) types.setTypeParser(oid, format, parse)
  defaults.binary = false
}

let database: TestDatabase
let tenant: Tenant
let expected: ReadonlyMap<string, unknown>
beforeEach(async () => {
  database = await createTestDatabase(inject('postgresUrl'))
  const db = createDatabase({ url: database.url })
  await migrate(db, { environment: 'testnet' })
  tenant = await fill(db, 'tenant')
  expected = await readValues(db, tenant)
  await db.destroy()
}, START_TIMEOUT_MS)
afterEach(async () => {
  setBack()
  await database.drop()
})

async function readValues(
  db: Kysely<GridDatabase>,
  of: Tenant,
): Promise<ReadonlyMap<string, unknown>> {
  const { rows } = await sql`
    select true as flag, 1::smallint as small, 2 as whole, 3::bigint as large, 4::oid as id,
      0.5::real as short, 1::float8 / 3 as float, 1.50 as number, '\\x00ff'::bytea as bytes,
      '{"a":1}'::json as json, '{"b":[2]}'::jsonb as jsonb, 'infinity'::timestamptz as ever,
      timestamptz '2026-11-30 17:00:00.123456+01' as instant, 'é'::text as text, 'v'::varchar as short_text,
      'n'::name as name, '11111111-1111-5111-8111-111111111111'::uuid as key`.execute(db)
  return new Map([...(await readAll(db, of)), ['values', rows]])
}

it.each([
  [
    'how types are read',
    () => {
      for (const oid of SHARED) {
        types.setTypeParser(oid, () => 'of another program')
        types.setTypeParser(oid, 'binary', () => 'of another program')
      }
    },
  ],
  [
    'that values come in binary',
    () => {
      defaults.binary = true
    },
  ],
])(
  'reads and writes the same, though a program has set for all of pg %s',
  { timeout: 300_000 },
  async (_name, set) => {
    const plain = createDatabase({ url: database.url })
    set()
    const db = createDatabase({ url: database.url })
    expect(await readValues(db, tenant)).toEqual(expected)
    const own = await fill(db, 'other')
    const read = await readValues(db, own)
    setBack()
    expect(await readValues(plain, own)).toEqual(read)

    set()
    const conflict = await new PublicTradeRepository(db).bulkInsert([
      trade({ price: decimal('7') }),
    ])
    expect(conflict.conflicts).toMatchObject([{ field: 'price', offered: '7' }])
    expect((await freezeClosedDays(db, { limit: 1 })).frozen).toHaveLength(1)
    const prune = { table: 'public_trades', olderThanMs: DAY_MS, requestedBy: 'test' } as const
    const { removed } = await pruneDays(db, prune)
    expect(removed).toMatchObject([{ day: '2023-01-01' }, { day: '2025-10-09' }])
    setBack()
    expect(await listRemovedDays(plain)).toEqual(removed)
    await Promise.all([db.destroy(), plain.destroy()])
  },
)

it('reads values of types as the schema says them', () => {
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
      text: 'é',
      short_text: 'v',
      name: 'n',
      key: '11111111-1111-5111-8111-111111111111',
    },
  ])
})

import { CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Column } from '../../src/columns/column.ts'
import { bulkInsert } from '../../src/insert/bulk-insert.ts'
import { compareValues, type EventTable } from '../../src/tables/shape/event-table.ts'
import { PlainLookup } from '../../src/tables/shape/plain-lookup.ts'
import {
  DATABASES,
  type OpenedDatabase,
  openPostgres,
  START_TIMEOUT_MS,
} from '../support/databases.ts'
import { T0 } from '../support/events.ts'

interface Fill {
  readonly channel: 'fill'
  readonly id: string
  readonly exchangeTs: number
  readonly qty: string
  readonly pnl: string | null
  readonly runId: string | null
}

const column = (name: string, field: keyof Fill, kind: Column<Fill>['kind']): Column<Fill> => ({
  name,
  field,
  kind,
})

const FILLS: EventTable<Fill> = {
  channel: 'fill',
  // A table that exists in this test alone.
  table: 'fills' as EventTable<Fill>['table'],
  columns: [
    column('id', 'id', 'text'),
    column('exchange_ts', 'exchangeTs', 'ms'),
    column('qty', 'qty', 'numeric'),
    column('pnl', 'pnl', 'numeric'),
    column('run_id', 'runId', 'text'),
  ],
  key: ['id'],
  lookup: new PlainLookup(),
  compare: (a, b) => compareValues(a.id, b.id),
  order: ['fills.id'],
  immutable: [{ field: 'exchangeTs' }, { field: 'qty' }, { field: 'pnl' }],
  fills: ['pnl', 'runId'],
  grants: { writer: 'select, insert, update', reader: 'select' },
}

const fill = (id: string, overrides: Partial<Fill> = {}): Fill => ({
  channel: 'fill',
  id,
  exchangeTs: T0,
  qty: '1.50',
  pnl: null,
  runId: null,
  ...overrides,
})

async function makeTable({ db }: OpenedDatabase): Promise<void> {
  await db.executeQuery(
    CompiledQuery.raw(
      'create table fills (id text collate "C" primary key, exchange_ts timestamptz not null, ' +
        'qty numeric not null, pnl numeric, run_id text)',
    ),
  )
}

describe.each(DATABASES)('rows that later ones fill, on %s', (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await makeTable(opened)
  }, START_TIMEOUT_MS)
  beforeEach(() => sql`truncate fills`.execute(opened.db))
  afterAll(() => opened.close())

  const insert = (...fills: Fill[]) => bulkInsert(opened.db, FILLS, fills)
  const stored = async () => {
    const { rows } = await sql<{ row: string }>`
      select concat_ws(' ', id, qty, coalesce(pnl::text, '-'), coalesce(run_id, '-')) as row
      from fills order by id`.execute(opened.db)
    return rows.map(({ row }) => row)
  }

  it('fills nulls, overwrites nothing, and counts each row once', async () => {
    expect(await insert(fill('a'), fill('b', { pnl: '-0.5' }), fill('c'))).toEqual({
      inserted: 3,
      duplicates: 0,
      merged: 0,
      conflicts: [],
    })
    const result = await insert(
      fill('a', { pnl: '7' }),
      fill('b', { pnl: '-0.50', runId: 'r1' }),
      fill('c'),
      fill('d', { runId: 'r2' }),
    )
    expect(result).toEqual({ inserted: 1, duplicates: 1, merged: 2, conflicts: [] })
    // A known run stays. Two deliveries need not agree on it.
    const again = await insert(fill('b', { runId: 'r9' }), fill('a'))
    expect(again).toEqual({ inserted: 0, duplicates: 2, merged: 0, conflicts: [] })
    expect(await stored()).toEqual(['a 1.50 7 -', 'b 1.50 -0.5 r1', 'c 1.50 - -', 'd 1.50 - r2'])
  })

  it('a row that contradicts the stored one fills nothing', async () => {
    await insert(fill('a'), fill('b', { pnl: '1' }))
    const [other, priced] = [
      fill('a', { qty: '2', pnl: '9' }),
      fill('b', { pnl: '3', runId: 'r1' }),
    ]
    expect(await insert(other, priced, fill('c'))).toEqual({
      inserted: 1,
      duplicates: 0,
      merged: 0,
      conflicts: [
        { event: other, field: 'qty', stored: '1.50', offered: '2' },
        { event: priced, field: 'pnl', stored: '1', offered: '3' },
      ],
    })
    expect(await stored()).toEqual(['a 1.50 - -', 'b 1.50 1 -', 'c 1.50 - -'])
  })

  it('merges rows that come several times in one batch', async () => {
    const sent = [
      fill('a'),
      fill('b'),
      fill('a', { pnl: '4' }),
      fill('a', { runId: 'r1' }),
      fill('a', { pnl: '5' }),
    ]
    const result = await insert(...sent)
    expect(result).toMatchObject({ inserted: 2, duplicates: 0, merged: 2 })
    expect(result.conflicts).toMatchObject([{ event: sent[4], field: 'pnl', stored: '4' }])
    expect(await stored()).toEqual(['a 1.50 4 r1', 'b 1.50 - -'])
  })

  it('compares every duplicate, however many', async () => {
    const fills = Array.from({ length: 400 }, (_, n) => fill(`f${n}`, { pnl: '1' }))
    await insert(...fills)
    const { conflicts, duplicates } = await insert(
      ...fills.map((each, n) => (n === 333 ? { ...each, qty: '3' } : each)),
    )
    expect([duplicates, conflicts.map(({ event }) => event.id)]).toEqual([399, ['f333']])
  })
})

it('two writers that fill the same rows at once count each row once', async () => {
  const opened = await openPostgres()
  await makeTable(opened)
  const ids = Array.from({ length: 300 }, (_, n) => `f${n}`)
  const results = await Promise.all(
    ['r1', null, 'r2', null].flatMap((runId) => [
      bulkInsert(
        opened.db,
        FILLS,
        ids.map((id) => fill(id, { runId })),
      ),
      bulkInsert(
        opened.db,
        FILLS,
        ids.toReversed().map((id) => fill(id, { pnl: '0' })),
      ),
    ]),
  )
  const total = (count: 'inserted' | 'duplicates' | 'merged') =>
    results.reduce((sum, result) => sum + result[count], 0)
  const { rows } = await sql<{ whole: string }>`
    select count(*) as whole from fills where pnl is not null and run_id is not null`.execute(
    opened.db,
  )
  await opened.close()
  expect(Number(rows[0]?.whole)).toBe(ids.length)
  expect(total('inserted')).toBe(ids.length)
  expect(total('inserted') + total('merged') + total('duplicates')).toBe(8 * ids.length)
  expect(results.flatMap(({ conflicts }) => conflicts)).toEqual([])
})

import {
  changedFields,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerValues,
} from '@grid/core-events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, TickerSnapshotRepository } from '../../src/index.ts'
import { columnName } from '../../src/schema/column-name.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0, ticker } from '../support/events.ts'

const ALL_CHANGED = 2 ** TICKER_FIELD_NAMES.length - 1

/** A different value for every field, so that a value in a wrong column shows. */
const VALUES = Object.fromEntries(
  TICKER_FIELD_NAMES.map((name, index) => {
    const { kind } = TICKER_FIELDS[name]
    if (kind === 'timestamp') return [name, T0 + index]
    return [name, kind === 'text' ? `text${index}` : decimal(`${index}.50`)]
  }),
) as unknown as TickerValues

describe.each(DATABASES)('tickers on %s', (_name, open) => {
  let opened: OpenedDatabase
  let tickers: TickerSnapshotRepository
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
    tickers = new TickerSnapshotRepository(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const range = (symbol: string, pageSize = 1000) =>
    collect(tickers.range({ category: 'linear', symbol, from: T0, to: T0 + 10, pageSize }))

  it('gives back every field as stored', async () => {
    const symbol = 'EXACT'
    const extra = { newField: '1.10', nested: { list: [1, null, true, 'Ü"\\'] } }
    const sent = [
      ticker({ symbol, seq: 1, ...VALUES, isSnapshot: true, changed: ALL_CHANGED, extra }),
      ticker({ symbol, seq: 2, changed: 2 ** 52, localTsUs: 1 }),
      ticker({ symbol, seq: 3, extra: {}, fundingRate: decimal('-0.00001000') }),
    ]
    expect(await tickers.bulkInsert(sent)).toEqual({
      inserted: 3,
      duplicates: 0,
      merged: 0,
      conflicts: [],
    })
    expect(await range(symbol)).toEqual(sent)
  })

  it('reads in total order, a snapshot before the delta of its instant', async () => {
    const symbol = 'ORDER'
    const sent = [T0, T0 + 1].flatMap((exchangeTs) =>
      [0, 9, 10].flatMap((seq) =>
        [true, false].map((isSnapshot) => ticker({ symbol, exchangeTs, seq, isSnapshot })),
      ),
    )
    await tickers.bulkInsert(sent.toReversed())
    for (const pageSize of [1, 5, 1000]) expect(await range(symbol, pageSize)).toEqual(sent)
  })

  it('only fresh values conflict, not those carried from earlier messages', async () => {
    const symbol = 'CONFLICT'
    const changed = 2 ** TICKER_FIELDS.markPrice.bit + 2 ** TICKER_FIELDS.curPreListingPhase.bit
    const values = { changed, markPrice: decimal('1.0'), lastPrice: decimal('7') }
    await tickers.bulkInsert([0, 1, 2, 3, 4, 5].map((seq) => ticker({ symbol, seq, ...values })))
    const offered = [
      ticker({ symbol, seq: 0, ...values, markPrice: decimal('1.00') }),
      ticker({ symbol, seq: 1, ...values, lastPrice: decimal('8') }),
      ticker({ symbol, seq: 2, ...values, markPrice: decimal('2') }),
      ticker({
        symbol,
        seq: 3,
        ...values,
        changed: changed + 1 - 2 ** TICKER_FIELDS.markPrice.bit,
      }),
      ticker({ symbol, seq: 4, ...values, markPrice: null }),
      ticker({ symbol, seq: 5, ...values, lastPrice: null, curPreListingPhase: 'Finished' }),
    ]
    const { inserted, duplicates, conflicts } = await tickers.bulkInsert(offered)
    expect({ inserted, duplicates }).toEqual({ inserted: 0, duplicates: 2 })
    expect(conflicts).toEqual([
      { event: offered[2], field: 'markPrice', stored: '1.0', offered: '2' },
      {
        event: offered[3],
        field: 'changed',
        stored: `${changed}`,
        offered: `${changed + 1 - 2 ** TICKER_FIELDS.markPrice.bit}`,
      },
      { event: offered[4], field: 'markPrice', stored: '1.0', offered: null },
      { event: offered[5], field: 'curPreListingPhase', stored: null, offered: 'Finished' },
    ])
  })

  it('a message that names more fields than the stored one is a conflict, and one that names fewer is none', async () => {
    const symbol = 'FIELDS'
    const bit = (name: 'markPrice' | 'indexPrice') => 2 ** TICKER_FIELDS[name].bit
    const few = ticker({ symbol, changed: bit('markPrice'), markPrice: decimal('1') })
    const more = { ...few, changed: few.changed + bit('indexPrice'), indexPrice: decimal('7') }
    expect(await tickers.bulkInsert([few])).toMatchObject({ inserted: 1 })
    expect(await tickers.bulkInsert([more])).toMatchObject({
      duplicates: 0,
      conflicts: [{ event: more, field: 'changed' }],
    })
    const later = { exchangeTs: T0 + 1 }
    await tickers.bulkInsert([{ ...more, ...later }])
    expect(await tickers.bulkInsert([{ ...few, ...later }])).toMatchObject({
      duplicates: 1,
      conflicts: [],
    })
  })

  it('has a column and a named bit for every ticker field that core-events lists', async () => {
    const types = { decimal: 'numeric', text: 'text', timestamp: 'timestamp with time zone' }
    const { rows } = await sql<{ column: string }>`
      select attname || ' ' || format_type(atttypid, null) as column
      from pg_attribute
      where attrelid = 'ticker_snapshots'::regclass and attnum > 0`.execute(opened.db)
    const columns = new Set(rows.map(({ column }) => column))
    const wanted = TICKER_FIELD_NAMES.map(
      (name) => `${columnName(name)} ${types[TICKER_FIELDS[name].kind]}`,
    )
    const missing = wanted.filter((column) => !columns.has(column))
    expect(missing, 'columns that a migration has to add').toEqual([])
    for (const name of TICKER_FIELD_NAMES) {
      const mask = String(2 ** TICKER_FIELDS[name].bit)
      const { rows: named } = await sql<{ fields: string[] }>`
        select ticker_changed_fields(${mask}::bigint) as fields`.execute(opened.db)
      expect(named[0]?.fields, 'names by ticker_changed_fields').toEqual([columnName(name)])
    }
  })

  it('the SQL function names the bits of a mask as core-events does', async () => {
    const masks = [
      0,
      ALL_CHANGED,
      2 ** 52 + 1,
      ...TICKER_FIELD_NAMES.map((name) => 2 ** TICKER_FIELDS[name].bit),
    ]
    const { rows: columns } = await sql<{ name: string }>`
      select attname::text as name from pg_attribute
      where attrelid = 'ticker_snapshots'::regclass`.execute(opened.db)
    const columnNames = new Set(columns.map(({ name }) => name))
    for (const mask of masks) {
      const { rows } = await sql<{ fields: string[] }>`
        select ticker_changed_fields(${String(mask)}::bigint) as fields`.execute(opened.db)
      const fields = rows[0]?.fields ?? []
      const letters = (name: string) => name.replaceAll('_', '').toLowerCase()
      expect(fields.map(letters)).toEqual(changedFields(mask).map(letters))
      expect(fields.filter((field) => !columnNames.has(field))).toEqual([])
    }
  })
})

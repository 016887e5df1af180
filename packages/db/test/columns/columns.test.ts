import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { columnsOf, type WrittenColumn } from '../../src/columns/column.ts'
import { COLUMN_KINDS } from '../../src/columns/column-kind.ts'
import { migrate } from '../../src/index.ts'
import { ACCOUNT_TABLES } from '../../src/tables/account-tables.ts'
import { DAILY_TABLES } from '../../src/tables/daily-tables.ts'
import type { EventTable, StoredRow } from '../../src/tables/shape/event-table.ts'
import { FORM_COLUMN } from '../../src/tables/shape/row-form.ts'
import { openPostgres } from '../support/databases.ts'

/** Types of columns whose values are sent as another type. */
const SENT_AS: Readonly<Record<string, string>> = {
  'timestamp with time zone': 'timestamptz',
  // The insert casts an element when it is stored.
  smallint: 'integer',
}

it.each([...DAILY_TABLES, ...Object.values(ACCOUNT_TABLES)])(
  'writes and reads every column of $table, as the type that it has',
  async (target) => {
    // Sound: no field of a row is read.
    const anyTarget = target as unknown as EventTable<StoredRow>
    const { table, view = table, columns, written = columns } = anyTarget
    const opened = await openPostgres()
    await migrate(opened.db)
    const columnsIn = async (relation: string) => {
      const { rows } = await sql<{ name: string; type: string }>`
      select attname as name, format_type(atttypid, null) as type from pg_attribute
      where attrelid = to_regclass(${relation}) and attnum > 0 and not attisdropped`.execute(
        opened.db,
      )
      // run_id is not written: a trigger finds it.
      return rows
        .filter(({ name }) => name !== 'run_id')
        .map(({ name, type }) => [name, SENT_AS[type] ?? type])
        .toSorted()
    }
    const [stored, shown] = [await columnsIn(table), await columnsIn(view)]
    await opened.close()
    const typesOf = (list: readonly Pick<WrittenColumn<StoredRow>, 'name' | 'kind'>[]) =>
      list.map(({ name, kind }) => [name, COLUMN_KINDS[kind].type]).toSorted()
    const formed = 'carried' in target ? [...written, FORM_COLUMN] : written
    expect(typesOf(formed)).toEqual(stored)
    // An enum is read as text. How a row is stored is no part of what is read.
    const read = shown.filter(([name]) => name !== 'form')
    const asRead = read.map(([name, type]) => [name, type === 'market_category' ? 'text' : type])
    expect(typesOf(columns)).toEqual(asRead)
  },
)

it('a column list that does not fit the schema does not compile', () => {
  interface Row {
    readonly category: string
    readonly price: string
    readonly seq: number
    readonly localTsUs: number
    readonly exchangeTs: number
  }
  const fitting = {
    category: 'text',
    price: 'numeric',
    seq: 'bigint',
    localTsUs: 'us',
    exchangeTs: 'ms',
  } as const
  const columns = columnsOf<'public_trades', Row>(fitting)
  expect(columns.map(({ name }) => name)).toContain('local_ts')

  // @ts-expect-error -- a text for a numeric
  columnsOf<'public_trades', Row>({ ...fitting, price: 'text' })
  // @ts-expect-error -- a bigint's digits, where the row has a number
  columnsOf<'public_trades', Row>({ ...fitting, seq: 'digits' })
  // @ts-expect-error -- an integer for a bigint
  columnsOf<'public_trades', Row>({ ...fitting, seq: 'integer' })
  // @ts-expect-error -- microseconds for a field of milliseconds
  columnsOf<'public_trades', Row>({ ...fitting, exchangeTs: 'us' })
  // @ts-expect-error -- a uuid for a text
  columnsOf<'public_trades', Row>({ ...fitting, category: 'uuid' })
  // @ts-expect-error -- a column that the table does not have
  columnsOf<'public_trades', Row & { readonly prize: string }>({ ...fitting, prize: 'numeric' })
  // @ts-expect-error -- a column of another table
  columnsOf<'dead_letters', Row>(fitting)
  // @ts-expect-error -- a field that no column was given for
  columnsOf<'public_trades', Row & { readonly side: string }>(fitting)
})

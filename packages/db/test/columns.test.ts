import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { type Column, columnsOf } from '../src/column.ts'
import { COLUMN_KINDS } from '../src/column-kind.ts'
import { migrate } from '../src/index.ts'
import { EXECUTIONS } from '../src/private/executions.ts'
import { ARRIVED_ORDERS } from '../src/private/orders.ts'
import { POSITIONS } from '../src/private/positions.ts'
import { TRANSACTIONS } from '../src/private/transactions.ts'
import { WALLETS } from '../src/private/wallets.ts'
import { PUBLIC_TRADES } from '../src/public-trades.ts'
import { TICKER_SNAPSHOTS } from '../src/ticker-snapshots.ts'
import { openPostgres } from './support.ts'

it.each([
  PUBLIC_TRADES,
  TICKER_SNAPSHOTS,
  EXECUTIONS,
  ARRIVED_ORDERS,
  POSITIONS,
  WALLETS,
  TRANSACTIONS,
])('writes every column of $table, as the type that it has', async ({ table, columns }) => {
  const opened = await openPostgres()
  await migrate(opened.db)
  const { rows } = await sql<{ name: string; type: string }>`
      select attname as name, format_type(atttypid, null) as type from pg_attribute
      where attrelid = to_regclass(${table}) and attnum > 0 and not attisdropped`.execute(opened.db)
  await opened.close()
  const types: Record<string, string> = { 'timestamp with time zone': 'timestamptz' }
  // Rows find their run as they are stored.
  const offered = rows.filter(({ name }) => name !== 'run_id')
  const stored = offered.map(({ name, type }) => [name, types[type] ?? type])
  const written = (columns as readonly Column<never>[]).map(({ name, kind }) => [
    name,
    COLUMN_KINDS[kind].type,
  ])
  expect(written.toSorted()).toEqual(stored.toSorted())
})

it('lets no column list compile that does not fit the schema', () => {
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

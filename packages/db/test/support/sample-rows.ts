import type { ColumnKindName } from '../../src/columns/column-kind.ts'
import type { EventTable, StoredRow } from '../../src/tables/shape/event-table.ts'
import { T0 } from './events.ts'

/** A value of each kind of columns. */
const SAMPLES: Readonly<Record<ColumnKindName, unknown>> = {
  text: 'text',
  uuid: '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11',
  numeric: '1.50',
  bigint: 7,
  digits: '7',
  integer: 0,
  boolean: true,
  jsonb: { key: 'value' },
  bytea: new Uint8Array([7]),
  ms: T0,
  us: T0 * 1000,
}

/** A row of any table in which every field has a value, made from the table's descriptor. */
export function sampleRow<Row extends StoredRow>(
  { channel, columns }: EventTable<Row>,
  overrides: Readonly<Record<string, unknown>> = {},
): Row {
  const fields = columns.map(({ field, kind }) => [field, SAMPLES[kind]])
  const known = { channel, category: 'linear', symbol: 'BTCUSDT' }
  const row: unknown = { ...Object.fromEntries(fields), ...known, ...overrides }
  // Sound: every column's field has a value of its kind.
  return row as Row
}

import {
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldKind,
  type TickerFieldName,
} from '@grid/core-events'
import { columnsOf } from '../../columns/column.ts'
import type { ColumnKindName } from '../../columns/column-kind.ts'
import type { KindOf } from '../../columns/column-of-schema.ts'
import { BasedLookup } from '../shape/based-lookup.ts'
import { compareValues, type DailyTable } from '../shape/event-table.ts'
import { PlainLookup } from '../shape/plain-lookup.ts'
import { sameExtra } from '../shape/same-extra.ts'

const KINDS: { readonly [Kind in TickerFieldKind]: ColumnKindName } = {
  decimal: 'numeric',
  timestamp: 'ms',
  text: 'text',
}

// Sound: every name gets the kind of its field; a test compares the kinds with the database's columns.
const VALUE_KINDS = Object.fromEntries(
  TICKER_FIELD_NAMES.map((name) => [name, KINDS[TICKER_FIELDS[name].kind]]),
) as { readonly [Name in TickerFieldName]: KindOf<'ticker_snapshots', TickerEvent, Name> }

const COLUMNS = columnsOf<'ticker_snapshots', TickerEvent, 'channel'>({
  category: 'text',
  symbol: 'text',
  exchangeTs: 'ms',
  seq: 'bigint',
  isSnapshot: 'boolean',
  localTsUs: 'us',
  changed: 'bigint',
  ...VALUE_KINDS,
  extra: 'jsonb',
  source: 'text',
})

/** Where and how tickers are stored. */
export const TICKER_SNAPSHOTS: DailyTable<TickerEvent> = {
  channel: 'ticker',
  table: 'ticker_snapshots',
  columns: COLUMNS,
  key: ['category', 'symbol', 'exchangeTs', 'seq', 'isSnapshot'],
  // Source of the functions: migration 0011.
  lookup: new BasedLookup({
    stream: 'ticker_stream_key',
    second: 'ticker_second',
    id: 'ticker_id_key',
    idColumns: ['category', 'symbol', 'seq', 'is_snapshot', 'exchange_ts'],
  }),
  formerLookup: new PlainLookup(),
  compare: (a, b) =>
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    a.exchangeTs - b.exchangeTs ||
    a.seq - b.seq ||
    Number(b.isSnapshot) - Number(a.isSnapshot),
  // A snapshot before the delta of the same instant.
  order: ['ticker_snapshots.seq', 'ticker_snapshots.is_snapshot desc'],
  // Only values that both messages carried must agree: a carried-over value differs between two
  // collectors when one of them missed a delta.
  immutable: [
    // Where messages of an interval are merged, a collector that began in its middle names fewer fields. One
    // that names more than the stored row has values that are stored nowhere.
    {
      field: 'changed',
      bothKnow: (stored, offered) => `${offered}.changed & ~${stored}.changed <> 0`,
    },
    sameExtra(),
    ...TICKER_FIELD_NAMES.map((field) => ({
      field,
      bothKnow: (stored: string, offered: string) =>
        `${stored}.changed & ${offered}.changed & ${2 ** TICKER_FIELDS[field].bit} <> 0`,
    })),
  ],
  carried: {
    fields: TICKER_FIELD_NAMES,
    maskField: 'changed',
    bitOf: (field) => TICKER_FIELDS[field as TickerFieldName].bit,
    inSql: { aggregate: 'ticker_state', step: 'ticker_carried' },
    isWhole: ({ isSnapshot }) => isSnapshot,
  },
  grants: { writer: 'select, insert', reader: 'select' },
  rank: 20,
}

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

/** Where and how tickers are stored. */
export const TICKER_SNAPSHOTS: DailyTable<TickerEvent> = {
  channel: 'ticker',
  table: 'ticker_snapshots',
  columns: columnsOf<'ticker_snapshots', TickerEvent, 'channel'>({
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
  }),
  key: ['category', 'symbol', 'exchangeTs', 'seq', 'isSnapshot'],
  lookup: new PlainLookup(),
  compare: (a, b) =>
    compareValues(a.category, b.category) ||
    compareValues(a.symbol, b.symbol) ||
    a.exchangeTs - b.exchangeTs ||
    a.seq - b.seq ||
    Number(a.isSnapshot) - Number(b.isSnapshot),
  // A snapshot before the delta of the same instant.
  order: ['ticker_snapshots.seq', 'ticker_snapshots.is_snapshot desc'],
  // Only values that both messages carried must agree: a carried-over value differs between two
  // collectors when one of them missed a delta.
  immutable: [
    { field: 'changed' },
    sameExtra(),
    ...TICKER_FIELD_NAMES.map((field) => ({
      field,
      bothKnow: (stored: string, offered: string) =>
        `${stored}.changed & ${offered}.changed & ${2 ** TICKER_FIELDS[field].bit} <> 0`,
    })),
  ],
  grants: { writer: 'select, insert', reader: 'select' },
  rank: 20,
}

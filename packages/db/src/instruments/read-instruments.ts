import {
  type Category,
  instrumentFromJson,
  type JsonObject,
  parseExactJson,
  type Source,
} from '@grid/core-events'
import { type Kysely, sql } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import type { InstrumentState, LastList } from './instrument-list.ts'

/** Which instruments to read: those that meet all conditions that are given. */
export interface InstrumentQuery {
  readonly category?: Category
  readonly symbols?: readonly string[]
}

/** Which coins to read. */
export interface CoinsQuery {
  readonly category: Category
  /** Only those that were listed at this time or later, in epoch milliseconds. */
  readonly from: number
}

/** Coins of listed instruments. */
export interface RecordedCoins {
  readonly baseCoin: string | null
  readonly settleCoin: string | null
  /** When an instrument of them was last listed: the end of the last one, or the newest complete list. */
  readonly lastListed: number
}

interface StateRow {
  readonly category: Category
  readonly symbol: string
  readonly valid_from: string
  readonly valid_until: string | null
  readonly changed_after: string | null
  readonly confirmed_until: string | null
  readonly local_ts: string
  readonly source: Source
  readonly collector: string
  readonly details: string
}

/** An instant as digits of epoch milliseconds: as text it would depend on the session's formats. */
const ms = (column: string) =>
  sql`(extract(epoch from ${sql.ref(column)}) * 1000)::bigint::text as ${sql.ref(column)}`
const us = (column: string) =>
  sql`(extract(epoch from ${sql.ref(column)}) * 1000000)::bigint::text as ${sql.ref(column)}`

/** The states that held at `from` or later and before `before`, in epoch milliseconds. */
export async function readStates(
  db: Kysely<GridDatabase>,
  {
    category,
    symbols,
    from,
    before,
  }: InstrumentQuery & {
    readonly from?: number | undefined
    readonly before?: number | undefined
  },
): Promise<InstrumentState[]> {
  const conditions = [
    category === undefined ? null : sql`category = ${category}`,
    symbols === undefined
      ? null
      : sql`symbol in (select jsonb_array_elements_text(${JSON.stringify(symbols)}::jsonb))`,
    from === undefined
      ? null
      : sql`(valid_until is null or valid_until > ${isoOf(from)}::timestamptz)`,
    before === undefined ? null : sql`valid_from < ${isoOf(before)}::timestamptz`,
  ].filter((condition) => condition !== null)
  const { rows } = await sql<StateRow>`
    select category, symbol, ${ms('valid_from')}, ${ms('valid_until')}, ${ms('changed_after')},
      ${ms('confirmed_until')}, ${us('local_ts')}, source, collector, details::text as details
    from instruments
    where ${conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)}
    order by category, symbol, instruments.valid_from`.execute(db)
  return rows.map(stateOf)
}

/** The earliest time from which a state of a category is stored; null when there is none. */
export async function readFirstKnown(
  db: Kysely<GridDatabase>,
  category: Category,
): Promise<number | null> {
  const { rows } = await sql<{ first: string | null }>`
    select (extract(epoch from min(valid_from)) * 1000)::bigint::text as first
    from instruments where category = ${category}`.execute(db)
  return numberOrNull(rows[0]?.first ?? null)
}

/** The coins that were listed at a time or later. */
export async function readCoins(
  db: Kysely<GridDatabase>,
  { category, from }: CoinsQuery,
): Promise<RecordedCoins[]> {
  const { rows } = await sql<{
    base_coin: string | null
    settle_coin: string | null
    last_listed: string
  }>`
    select base_coin, settle_coin,
      (extract(epoch from max(coalesce(valid_until, greatest(valid_from, exchange_ts)))) * 1000)
        ::bigint::text as last_listed
    from instruments left join instrument_lists using (category)
    where category = ${category}
      and (valid_until is null or valid_until > ${isoOf(from)}::timestamptz)
    group by base_coin, settle_coin
    order by base_coin, settle_coin`.execute(db)
  return rows.map(({ base_coin, settle_coin, last_listed }) => ({
    baseCoin: base_coin,
    settleCoin: settle_coin,
    lastListed: Number(last_listed),
  }))
}

/** The newest complete list of each category. */
export async function readLastLists(db: Kysely<GridDatabase>): Promise<LastList[]> {
  const { rows } = await sql<{
    category: Category
    exchange_ts: string
    local_ts: string
    instruments: number
    collector: string
  }>`
    select category, ${ms('exchange_ts')}, ${us('local_ts')}, instruments, collector
    from instrument_lists
    order by category`.execute(db)
  return rows.map(({ category, exchange_ts, local_ts, instruments, collector }) => ({
    category,
    exchangeTs: Number(exchange_ts),
    localTsUs: Number(local_ts),
    instruments,
    collector,
  }))
}

function stateOf(row: StateRow): InstrumentState {
  return {
    category: row.category,
    symbol: row.symbol,
    instrument: instrumentFromJson(parseExactJson(row.details) as JsonObject),
    validFrom: Number(row.valid_from),
    validUntil: numberOrNull(row.valid_until),
    changedAfter: numberOrNull(row.changed_after),
    confirmedUntil: numberOrNull(row.confirmed_until),
    localTsUs: Number(row.local_ts),
    source: row.source,
    collector: row.collector,
  }
}

function numberOrNull(digits: string | null): number | null {
  return digits === null ? null : Number(digits)
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString()
}

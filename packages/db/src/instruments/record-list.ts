import { believableTs, instrumentToJson, type JsonValue } from '@grid/core-events'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { believableSql } from '../columns/believable-sql.ts'
import { inTransaction } from '../connection/transaction.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { ContentHashes } from './content-hashes.ts'
import type { InstrumentList, ListReading, RecordedList } from './instrument-list.ts'

/** A present state, as far as it is compared. Times in epoch milliseconds. */
interface Present {
  readonly hash: string
  readonly validFrom: number
  /** The first list that lacked it; null when the newest one had it. */
  readonly missingSince: number | null
}

/** A state to be written. */
interface Opened {
  readonly symbol: string
  readonly details: JsonValue
  readonly content_hash: string
  /** ISO 8601; null when no list was read before. */
  readonly changed_after: string | null
}

/** What a list changes. */
interface Changes {
  readonly opened: readonly Opened[]
  /** Those of the opened that were listed otherwise before. */
  readonly changed: readonly string[]
  readonly missing: readonly string[]
  readonly ended: readonly string[]
  readonly backAgain: readonly string[]
}

const NOTHING: RecordedList = { opened: 0, ended: 0, isSuperseded: false }

/** Compares a list with what is stored and writes what differs, one collector at a time. */
export function recordList(
  db: Kysely<GridDatabase>,
  list: InstrumentList,
  { exchangeTs, ...receipt }: ListReading,
  hashes: ContentHashes,
): Promise<RecordedList> {
  const reading = { ...receipt, exchangeTs: believableTs({ ...receipt, exchangeTs }) }
  return inTransaction(db, async (trx) => {
    const { category, isComplete } = list
    // Two collectors that compare at once would both find the same change. The lock needs the right to
    // write; one of an advisory number could be held by any login.
    await sql`lock table instrument_lists in share update exclusive mode`.execute(trx)
    const last = await lastListTs(trx, category)
    if (last !== null && reading.exchangeTs <= last) return { ...NOTHING, isSuperseded: true }
    const present = await presentOf(trx, category)
    const changes = compare(list, reading, present, last, hashes)
    await write(trx, list, reading, changes, last)
    if (isComplete) await noteList(trx, list, reading)
    return { ...NOTHING, opened: changes.opened.length, ended: changes.ended.length }
  })
}

function compare(
  { category, instruments, isComplete, unreadable = [] }: InstrumentList,
  { exchangeTs, confirmMs = 1 }: ListReading,
  present: ReadonlyMap<string, Present>,
  last: number | null,
  hashes: ContentHashes,
): Changes {
  const listed = new Map(instruments.map((instrument) => [instrument.symbol, instrument]))
  const opened: Opened[] = []
  const changed: string[] = []
  const hashed = hashes.of(category, listed.values())
  for (const [symbol, instrument] of listed) {
    const before = present.get(symbol)
    const content_hash = hashed.get(symbol) ?? ''
    // A partial list may be older than a state that another one has opened.
    if (before?.hash === content_hash || (before?.validFrom ?? 0) >= exchangeTs) continue
    const details = instrumentToJson(instrument)
    const after = latest(last, before?.validFrom ?? null)
    const changed_after = after === null ? null : isoOf(after)
    opened.push({ symbol, details, content_hash, changed_after })
    if (before !== undefined) changed.push(symbol)
  }
  const seen = new Set([...listed.keys(), ...unreadable])
  const absent = isComplete ? [...present].filter(([symbol]) => !seen.has(symbol)) : []
  const isOver = ({ missingSince }: Present): boolean =>
    missingSince !== null && exchangeTs - missingSince >= confirmMs
  return {
    opened,
    changed,
    missing: absent.filter(([, { missingSince }]) => missingSince === null).map(nameOf),
    ended: absent.filter(([, state]) => isOver(state)).map(nameOf),
    backAgain: [...present]
      .filter(([symbol, { missingSince }]) => missingSince !== null && seen.has(symbol))
      .map(nameOf)
      .filter((symbol) => !changed.includes(symbol)),
  }
}

async function write(
  trx: Kysely<GridDatabase>,
  { category }: InstrumentList,
  { exchangeTs, localTsUs, collector }: ListReading,
  { opened, changed, missing, ended, backAgain }: Changes,
  last: number | null,
): Promise<void> {
  const at = sql`${isoOf(exchangeTs)}::timestamptz`
  const lastList = sql`${last === null ? null : isoOf(last)}::timestamptz`
  const change = async (symbols: readonly string[], values: RawBuilder<unknown>): Promise<void> => {
    if (symbols.length === 0) return
    await sql`
      update instruments set ${values}
      where category = ${category} and valid_until is null
        and symbol in (select jsonb_array_elements_text(${JSON.stringify(symbols)}::jsonb))`.execute(
      trx,
    )
  }
  await change(
    changed,
    sql`valid_until = ${at}, missing_since = null,
      confirmed_until = coalesce(confirmed_until, greatest(valid_from, ${lastList}))`,
  )
  await change(ended, sql`valid_until = missing_since, missing_since = null`)
  await change(
    missing,
    sql`missing_since = ${at}, confirmed_until = greatest(valid_from, ${lastList})`,
  )
  await change(backAgain, sql`missing_since = null, confirmed_until = null`)
  if (opened.length === 0) return
  await sql`
    insert into instruments
      (category, symbol, valid_from, changed_after, details, content_hash, local_ts, source, collector)
    select ${category}, symbol, ${at}, changed_after, details, content_hash,
      ${microseconds(localTsUs)}, 'rest', ${collector}
    from jsonb_to_recordset(${JSON.stringify(opened)}::jsonb)
      as opened (symbol text, changed_after timestamptz, details jsonb, content_hash text)`.execute(
    trx,
  )
}

async function lastListTs(trx: Kysely<GridDatabase>, category: string): Promise<number | null> {
  const { rows } = await sql<{ at: string }>`
    select (extract(epoch from ${sql.raw(believableSql('instrument_lists'))}) * 1000)::bigint::text as at
    from instrument_lists where category = ${category}`.execute(trx)
  return rows[0] === undefined ? null : Number(rows[0].at)
}

async function presentOf(
  trx: Kysely<GridDatabase>,
  category: string,
): Promise<ReadonlyMap<string, Present>> {
  const { rows } = await sql<{
    symbol: string
    hash: string
    valid_from: string
    missing_since: string | null
  }>`
    select symbol, content_hash as hash,
      (extract(epoch from valid_from) * 1000)::bigint::text as valid_from,
      (extract(epoch from missing_since) * 1000)::bigint::text as missing_since
    from instruments where category = ${category} and valid_until is null`.execute(trx)
  return new Map(
    rows.map(({ symbol, hash: content, valid_from, missing_since }) => [
      symbol,
      {
        hash: content,
        validFrom: Number(valid_from),
        missingSince: missing_since === null ? null : Number(missing_since),
      },
    ]),
  )
}

async function noteList(
  trx: Kysely<GridDatabase>,
  { category, instruments, unreadable = [] }: InstrumentList,
  { exchangeTs, localTsUs, collector }: ListReading,
): Promise<void> {
  const count = instruments.length + unreadable.length
  await sql`
    insert into instrument_lists (category, exchange_ts, local_ts, instruments, collector)
    values (${category}, ${isoOf(exchangeTs)}::timestamptz, ${microseconds(localTsUs)}, ${count},
      ${collector})
    on conflict (category) do update set exchange_ts = excluded.exchange_ts,
      local_ts = excluded.local_ts, instruments = excluded.instruments,
      collector = excluded.collector`.execute(trx)
}

function nameOf([symbol]: readonly [string, unknown]): string {
  return symbol
}

function latest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function microseconds(epochUs: number): RawBuilder<unknown> {
  return sql`'epoch'::timestamptz + ${epochUs}::bigint * interval '1 microsecond'`
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString()
}

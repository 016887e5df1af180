import { CompiledQuery, type Kysely } from 'kysely'
import { arraysSql, type Column } from '../columns/column.ts'
import { listText, sqlText } from '../columns/sql-text.ts'
import { DatabaseError } from '../errors.ts'
import type { GridDatabase } from '../schema/database.ts'
import { isPartitionedTable } from '../tables/daily-tables.ts'
import type { EventTable, StoredRow } from '../tables/shape/event-table.ts'
import { columnArrays } from './encode-batch.ts'
import { differsSql } from './row-differences.ts'

/** An event whose identity is stored already with other values. */
export interface KeyConflict<Event> {
  /** The event that was offered; it was not stored. */
  readonly event: Event
  /** The first field that differs. */
  readonly field: string
  /** The stored value, as PostgreSQL writes it; null where a ticker said "not applicable". */
  readonly stored: string | null
  /** The offered value, as PostgreSQL would write it; null likewise. */
  readonly offered: string | null
}

/** What the insert of a batch found. */
export interface InsertedBatch<Event> {
  /** The rows that were sent, one a key. */
  readonly rows: readonly Event[]
  /** How many of `rows` were stored already. */
  readonly known: number
  /** The events that were not sent because their key came earlier in the batch. */
  readonly repeated: readonly Event[]
}

/**
 * Compares every event of a batch with the row stored under its key, and finds those that differ. The
 * server compares, and answers with the differing ones only.
 *
 * Throws `ROW_SWALLOWED` when an event is not stored at all.
 */
export async function findConflicts<Event extends StoredRow>(
  db: Kysely<GridDatabase>,
  target: EventTable<Event>,
  { rows, known, repeated }: InsertedBatch<Event>,
): Promise<readonly KeyConflict<Event>[]> {
  // Which of the rows were known is not told, so new ones are compared too: they equal themselves.
  const compared = known === 0 ? repeated : [...repeated, ...rows]
  const columns = comparedColumns(target)
  // With bounds of time the planner leaves out the partitions of other days.
  const bounds = isPartitionedTable(target.table) ? timeBounds(compared) : []
  const { rows: differences } = await db.executeQuery<Difference>(
    CompiledQuery.raw(conflictSql(target, columns, bounds.length > 0), [
      ...columnArrays(columns, compared),
      ...bounds.map((time) => new Date(time).toISOString()),
    ]),
  )
  const conflicts = new Map<Event, KeyConflict<Event>>()
  for (const { position, is_missing, differs, stored, offered } of differences) {
    const event = compared[position - 1]
    if (event === undefined) continue
    if (is_missing) throw rowSwallowed(target, event)
    const first = differs.indexOf('true')
    const field = target.immutable[first]?.field ?? ''
    const [was, is] = [stored[first] ?? null, offered[first] ?? null]
    conflicts.set(event, { event, field, stored: was, offered: is })
  }
  return [...conflicts.values()]
}

interface Difference {
  readonly position: number
  /** Whether no row is stored under the event's key. */
  readonly is_missing: boolean
  /** For each immutable field whether it differs, and its two values, all as text. */
  readonly differs: readonly (string | null)[]
  readonly stored: readonly (string | null)[]
  readonly offered: readonly (string | null)[]
}

function rowSwallowed<Event extends StoredRow>(
  { table, key }: EventTable<Event>,
  event: Event,
): DatabaseError {
  const identity = key.map((field) => `${field} ${String(event[field])}`).join(', ')
  return new DatabaseError(
    'ROW_SWALLOWED',
    `${table} has no row of ${identity}, though the insert reported neither it nor an error: ` +
      'look for triggers and rules',
    { context: { table, identity } },
  )
}

function comparedColumns<Event extends StoredRow>(
  target: EventTable<Event>,
): readonly Column<Event>[] {
  const names = [...target.key, ...target.immutable.map(({ field }) => field)]
  // Of some fields it depends on the source whether two deliveries must agree.
  const fields = new Set<string>([...names, 'source'])
  return target.columns.filter(({ field }) => fields.has(field))
}

/**
 * SQL that gives the offered rows, one array parameter a column, that are not stored or whose stored
 * row differs in an immutable field. `isBounded` adds the first and the last exchange time as two more
 * parameters.
 */
function conflictSql<Event extends StoredRow>(
  target: EventTable<Event>,
  columns: readonly Column<Event>[],
  isBounded: boolean,
): string {
  const names = columns.map(({ name }) => name)
  const stored = (field: string): string =>
    `stored.${columns.find((column) => column.field === field)?.name}`
  const offered = (field: string): string => {
    const column = columns.find((candidate) => candidate.field === field)
    return column ? `batch.${column.name}` : 'null'
  }
  const isMissing = `${stored(target.key[0] ?? '')} is null`
  const differs = target.immutable.map((field) => differsSql(field, stored, offered, 'batch'))
  const fields = target.immutable.map(({ field }) => field)
  const bounds = [1, 2].map((index) => `$${columns.length + index}::timestamptz`)
  const conditions = [
    ...target.key.map((field) => `${stored(field)} = ${offered(field)}`),
    ...target.lookup.sameKey('stored', 'batch'),
    ...(isBounded ? [`stored.exchange_ts between ${bounds.join(' and ')}`] : []),
  ]
  // As JSON: how arrays are read a program may change for all of `pg`.
  // `offset 0` keeps the planner from merging the lookup into the join: each row is looked up by the
  // index, whatever it thinks of the table.
  return sqlText`
    select position::integer,
      ${isMissing} as is_missing,
      array_to_json(array[
        ${textsSql(differs)}
      ]::text[]) as differs,
      array_to_json(array[
        ${textsSql(fields.map(stored))}
      ]::text[]) as stored,
      array_to_json(array[
        ${textsSql(fields.map(offered))}
      ]::text[]) as offered
    from unnest(
      ${listText(arraysSql(columns))}
    ) with ordinality as batch (
      ${listText([...names, 'position'])}
    )
    left join lateral (
      select
        ${listText(names)}
      from ${target.view ?? target.table} stored
      where ${conditions.join('\n  and ')}
      offset 0
    ) as stored on true
    where ${[isMissing, ...differs].join('\n  or ')}
    order by position`
}

function textsSql(terms: readonly string[]): string {
  return listText(terms.map((term) => `(${term})::text`))
}

function timeBounds(events: readonly StoredRow[]): readonly number[] {
  const times = events.map((event) => event.exchangeTs)
  return [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
}

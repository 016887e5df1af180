import type { CarriedTable, InstrumentRow } from '../carried/narrow-rows.ts'
import { arraysSql, type Column } from '../columns/column.ts'
import { listText, sqlText } from '../columns/sql-text.ts'
import { fillOf } from '../insert/fill-sql.ts'
import { columnName } from '../schema/column-name.ts'
import { columnOf, type EventTable, type StoredRow } from '../tables/shape/event-table.ts'
import { FORM_COLUMN, ROW_FORM } from '../tables/shape/row-form.ts'
import { FRAMES, ROWS } from './replaced-frames.ts'

/** The table of rows that hold what others filled in. */
const FILLED = 'replaced_filled'
/** The table of what is derived from rows that go. */
const DERIVED = 'replaced_derived'

/** SQL terms of the first and last exchange time of what may go; null where the table has no days. */
export type Bounds = { readonly first: string; readonly last: string } | null

/** Marks the rows that were made of the frames. */
export function markFramesSql<Row extends StoredRow>(
  target: EventTable<Row>,
  bounds: Bounds,
): string {
  return sqlText`
    insert into ${ROWS} (place, row)
    select stored.tableoid, stored.ctid
    from ${target.table} as stored
    where stored.source = 'ws'
      and ${withinSql('stored', bounds)}
      and ${isOfFrameSql(target)}`
}

/**
 * Marks the rows that have the keys of events, one array parameter a column of the key, and were made of other
 * frames.
 */
export function markKeysSql<Row extends StoredRow>(
  target: EventTable<Row>,
  bounds: Bounds,
): string {
  const columns = keyColumns(target)
  const conditions = [
    ...columns.map(({ name }) => `stored.${name} = batch.${name}`),
    ...target.lookup.sameKey('stored', 'batch'),
  ]
  return sqlText`
    insert into ${ROWS} (place, row)
    select stored.tableoid, stored.ctid
    from unnest(
      ${listText(arraysSql(columns))}
    ) as batch (
      ${listText(columns.map(({ name }) => name))}
    )
    join ${target.table} as stored on ${conditions.join('\n  and ')}
    where stored.source = 'ws'
      and ${withinSql('stored', bounds)}
      and not ${isOfFrameSql(target)}`
}

/** The columns of a table's key. */
export function keyColumns<Row extends StoredRow>(target: EventTable<Row>): readonly Column<Row>[] {
  return target.key.map((field) => columnOf(target, field))
}

/**
 * Makes bases of the rows that build on a marked one, or follow one as the first that stays: they keep the values
 * that they have now.
 */
export function keepHeirsSql<Row extends InstrumentRow>(
  target: CarriedTable<Row>,
  bounds: Bounds,
): string {
  const { carried, channel, order, table } = target
  const names = carried.fields.map((field: string) => columnName(field))
  const inOrder = order.map((term) => term.replace(/^\w+\./, 'day.')).join(', ')
  return sqlText`
    update ${table} as stored
    set ${FORM_COLUMN.name} = ${String(ROW_FORM.base)},
      ${names.map((name) => `${name} = (heir.whole).${name}`).join(',\n')}
    from (
      select day.tableoid as place, day.ctid as row, day.${FORM_COLUMN.name} as was,
        gone.row is not null as is_gone,
        lag(gone.row is not null) over in_order as follows_gone,
        ${carried.inSql.aggregate}(day) over in_order as whole
      from ${table} as day
      left join ${ROWS} as gone on gone.place = day.tableoid and gone.row = day.ctid
      where day.${FORM_COLUMN.name} <> ${String(ROW_FORM.apart)}
        and ${withinSql('day', bounds)}
        and (day.category, day.symbol) in (
          select category, symbol from ${FRAMES} where channel = '${channel}'
        )
      window in_order as (
        partition by day.tableoid, day.category, day.symbol
        order by day.exchange_ts, ${inOrder}
      )
    ) as heir
    where stored.tableoid = heir.place and stored.ctid = heir.row
      and heir.follows_gone and not heir.is_gone and heir.was <> ${String(ROW_FORM.base)}
      and ${withinSql('stored', bounds)}`
}

/** Deletes the marked rows. */
export function deleteSql<Row extends StoredRow>(target: EventTable<Row>, bounds: Bounds): string {
  return sqlText`
    delete from ${target.table} as stored
    using ${ROWS} as gone
    where stored.tableoid = gone.place and stored.ctid = gone.row
      and ${withinSql('stored', bounds)}`
}

/** Keeps the marked rows of a table that others fill, until what was filled in is put back. */
export function keepFilledSql<Row extends StoredRow>({
  table,
}: EventTable<Row>): readonly string[] {
  return [
    `create temp table if not exists ${FILLED} on commit drop as select * from ${table} where false`,
    sqlText`
      insert into ${FILLED}
      select stored.*
      from ${table} as stored
      join ${ROWS} as gone on stored.tableoid = gone.place and stored.ctid = gone.row`,
  ]
}

/** Puts back what was filled in, into rows that were stored again. */
export function putBackFilledSql<Row extends StoredRow>(target: EventTable<Row>): string {
  const fills = (target.fills ?? []).map((field) => fillOf(target, field, 'before'))
  const key = keyColumns(target).map(({ name }) => `stored.${name} = before.${name}`)
  return sqlText`
    update ${target.table} as stored
    set ${fills.map(({ set }) => set).join(',\n')}
    from ${FILLED} as before
    where ${key.join('\n  and ')}
      and (
        ${fills.map(({ isFilled }) => isFilled).join('\nor ')}
      )`
}

/** Around a deletion: removes what is derived from the marked rows, and derives it again from those that stay. */
export function deriveSql<Row extends StoredRow>({
  table,
  derives,
}: EventTable<Row>): {
  readonly before: readonly string[]
  readonly after: readonly string[]
} {
  if (derives === undefined) return { before: [], after: [] }
  const key = derives.key.join(', ')
  return {
    before: [
      `create temp table if not exists ${DERIVED} on commit drop as select ${key} from ${table} where false`,
      `truncate ${DERIVED}`,
      sqlText`
        insert into ${DERIVED}
        select distinct ${derives.key.map((name) => `stored.${name}`).join(', ')}
        from ${table} as stored
        join ${ROWS} as gone on stored.tableoid = gone.place and stored.ctid = gone.row`,
      sqlText`
        delete from ${derives.table}
        where (${key}) in (select ${key} from ${DERIVED})`,
    ],
    after: [
      sqlText`
        with written as (
          select *
          from ${table}
          where (${key}) in (select ${key} from ${DERIVED})
        )
        ${derives.sql}`,
    ],
  }
}

/** SQL condition that a row has the time and the stream of a frame. */
function isOfFrameSql<Row extends StoredRow>({ channel, columns }: EventTable<Row>): string {
  const isOfAccount = columns.some(({ name }) => name === 'account_id')
  const stream = isOfAccount
    ? 'frame.account_id = stored.account_id'
    : 'frame.category = stored.category::text and frame.symbol = stored.symbol'
  return sqlText`
    exists (
      select from ${FRAMES} as frame
      where frame.channel = '${channel}' and frame.local_ts = stored.local_ts
        and ${stream}
    )`
}

function withinSql(row: string, bounds: Bounds): string {
  if (bounds === null) return 'true'
  return `${row}.exchange_ts between ${bounds.first} and ${bounds.last}`
}

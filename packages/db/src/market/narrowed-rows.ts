import { listText, sqlText } from '../columns/sql-text.ts'
import { columnName } from '../schema/column-name.ts'
import type { AnyDailyTable } from '../tables/daily-tables.ts'
import { type CarriedValues, FORM_COLUMN, ROW_FORM } from '../tables/shape/row-form.ts'

/** Of so many rows of an instrument one is a base. */
const ROWS_A_BASE = 64

/**
 * SQL that gives the rows of a day, which are all or partly whole, with what their messages did not carry
 * left out, and in the order of instrument and time.
 *
 * Two whole rows that follow one another are compared; what an earlier call or a writer left out stays so.
 * Images of values are compared, so that 1.0 is not 1.00.
 */
export function narrowedRowsSql(
  { columns, order }: Pick<AnyDailyTable, 'columns' | 'order'>,
  carried: Pick<CarriedValues<never>, 'fields' | 'maskField' | 'bitOf'>,
  partition: string,
): string {
  const mask = columnName(carried.maskField)
  const values = carried.fields.map((field: string) => ({
    name: columnName(field),
    isFresh: `${mask} & ${2 ** carried.bitOf(field)} <> 0`,
  }))
  const valueNames = new Set(values.map(({ name }) => name))
  const own = columns.map(({ name }) => name).filter((name) => !valueNames.has(name))
  const carriedIn = (row: string): string =>
    values
      .map(({ name, isFresh }) => `case when ${isFresh} then null else ${row}${name} end`)
      .join(',\n')
  return sqlText`
    (
      ${listText([...own, ...valueNames, FORM_COLUMN.name])}
    )
    select ${listText(own)},
      ${values.map(({ name, isFresh }) => `case when new_form <> ${ROW_FORM.delta} or form = ${ROW_FORM.delta} or ${isFresh} then ${name} end`).join(',\n')},
      new_form
    from (
      select *,
        case
          when form <> ${String(ROW_FORM.base)} or before is null or (before).form <> ${String(ROW_FORM.base)} then form
          when place % ${String(ROWS_A_BASE)} = 1 then ${String(ROW_FORM.base)}
          when record_image_eq(
            row(
              ${carriedIn('')}
            ),
            row(
              ${carriedIn('(before).')}
            )
          ) then ${String(ROW_FORM.delta)}
          else ${String(ROW_FORM.whole)}
        end as new_form
      from (
        select *, lag(day) over in_order as before, row_number() over in_order as place
        from ${partition} as day
        window in_order as (
          partition by category, symbol
          order by exchange_ts, ${orderOf(order)}
        )
        offset 0
      ) as compared
      offset 0
    ) as formed`
}

/** Rows of a day: SQL after `from`, which calls them `day`, and SQL of such a row as one of the table's. */
export interface DaySource {
  readonly from: string
  readonly row: string
}

/** SQL that gives rows of a day with all their values, as `whole`. */
export function wholeRowsSql(
  { order }: Pick<AnyDailyTable, 'order'>,
  { aggregate, step }: CarriedValues<never>['inSql'],
  { from, row }: DaySource,
): string {
  return sqlText`
    select
      case when form = ${String(ROW_FORM.apart)} then ${step}(null, ${row})
      else ${aggregate}(${row}) filter (where form <> ${String(ROW_FORM.apart)}) over (
        partition by category, symbol
        order by exchange_ts, ${orderOf(order)}
      ) end as whole
    from ${from}`
}

/** The order of a table's rows, of the columns alone. */
function orderOf(order: readonly string[]): string {
  return order.map((term) => term.replace(/^\w+\./, '')).join(', ')
}

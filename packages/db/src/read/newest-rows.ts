import { CompiledQuery, type Kysely } from 'kysely'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { listText, sqlText } from '../columns/sql-text.ts'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import {
  type DailyTable,
  reversed,
  type StoredRow,
  sourceSql,
} from '../tables/shape/event-table.ts'
import { decodePage, type PageTexts, pageSql } from './column-page.ts'
import type { SymbolsQuery } from './symbol-query.ts'

interface SymbolRow extends StoredRow {
  readonly symbol: string
}

/**
 * Gives each instrument's newest row in an interval, by the total order; an instrument without rows is
 * left out. Searches as `readEndTimes` does.
 */
export async function readNewestRows<Row extends SymbolRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  { category, symbols }: SymbolsQuery,
  interval: Interval,
): Promise<ReadonlyMap<string, Row>> {
  const newest = new Map<string, Row>()
  const sql = newestSql(target)
  // Sound: the table holds events of this channel only.
  const constants = { channel: target.channel } as Partial<Row>
  let missing = [...new Set(symbols)]
  await searchDays(db, target.table, interval, 'end', async (span) => {
    const { rows } = await db.executeQuery<PageTexts>(
      CompiledQuery.raw(sql, [category, encodeTexts(missing), ...timeTexts(span)]),
    )
    for (const row of rows.flatMap((page) => decodePage(target.columns, page, constants))) {
      newest.set(row.symbol, row)
    }
    missing = missing.filter((symbol) => !newest.has(symbol))
    return missing.length === 0
  })
  return newest
}

/**
 * SQL of the newest row of each symbol of `$2`, as a page. The time comes first, by one step down the
 * index; the last of that instant's rows is then one of few.
 */
function newestSql<Row extends StoredRow>(target: DailyTable<Row>): string {
  const { table, columns, order, lookup } = target
  return pageSql(
    columns,
    sqlText`
      select newest.*
      from unnest($2::text[]) as wanted (symbol)
      cross join lateral (
        ${lookup.endTime(table, 'wanted.symbol', 'last')}
      ) as last (ts)
      cross join lateral (
        select
          ${listText(columns.map(({ name }) => name))}
        from ${sourceSql(target)}
        where ${lookup.ofSymbol('wanted.symbol')}
          and ${lookup.atInstant('last.ts')}
        order by ${reversed(order).join(', ')}
        limit 1
      ) as newest`,
  )
}

import { CompiledQuery, type Kysely } from 'kysely'
import { encodeTexts } from '../columns/encoding/encode-varying.ts'
import { type Interval, searchDays, timeTexts } from '../partitions/stored-days.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { DailyTable, StoredRow } from '../tables/event-table.ts'
import { reversed } from '../tables/reversed-order.ts'
import { instantSql, scopeSql, sourceSql } from '../tables/scope-sql.ts'
import { decodePage, type PageTexts, pageSql } from './column-page.ts'
import { endTimeSql } from './end-times.ts'
import type { SymbolsQuery } from './symbol-query.ts'

interface SymbolRow extends StoredRow {
  readonly symbol: string
}

/**
 * Gives each instrument's newest row in an interval, by the total order; an instrument without rows
 * is not in it. Searches as {@link readEndTimes} does.
 */
export async function readNewestRows<Row extends SymbolRow>(
  db: Kysely<GridDatabase>,
  target: DailyTable<Row>,
  { category, symbols }: SymbolsQuery,
  interval: Interval,
): Promise<ReadonlyMap<string, Row>> {
  const newest = new Map<string, Row>()
  const sql = newestSql(target)
  // Sound: the table holds nothing but events of this channel.
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

/** First the instant, by one step down the index, then the last of its rows. */
function newestSql<Row extends StoredRow>(target: DailyTable<Row>): string {
  const { columns, order } = target
  const names = columns.map(({ name }) => name).join(', ')
  return pageSql(
    columns,
    'select newest.* from unnest($2::text[]) as wanted (symbol) ' +
      `cross join lateral (${endTimeSql(target, 'last')}) as last (ts) cross join lateral (` +
      `select ${names} from ${sourceSql(target)} where ${scopeSql(target, 'wanted.symbol')} ` +
      `and ${instantSql(target, 'last.ts')} ` +
      `order by ${reversed(order).join(', ')} limit 1) as newest`,
  )
}

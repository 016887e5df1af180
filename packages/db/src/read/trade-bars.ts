import type { Category, Decimal, PublicTradeEvent } from '@grid/core-events'
import type { Column } from '../columns/column.ts'
import { sqlText } from '../columns/sql-text.ts'
import { type DailyTable, reversed, sourceSql } from '../tables/shape/event-table.ts'
import type { Lookup } from '../tables/shape/lookup.ts'
import { BIN_SQL, type BinTarget } from './time-bins.ts'

/** Prices and sums of the trades of an interval. Decimals are exact; nothing is rounded. */
export interface TradeBar {
  /** Start of the interval in epoch milliseconds. */
  readonly startTs: number
  /** Price of the first trade, by the total order. */
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  /** Price of the last trade, by the total order. */
  readonly close: Decimal
  /** Sum of sizes: base quantity on linear and spot, USD contracts on inverse. */
  readonly volume: Decimal
  /** Sum of price times size, in quote currency; null on inverse, where it would be a quotient. */
  readonly turnover: Decimal | null
  /** Number of trades. */
  readonly count: number
}

const COLUMNS: readonly Column<TradeBar>[] = [
  { name: 'start_ts', field: 'startTs', kind: 'ms' },
  { name: 'open', field: 'open', kind: 'numeric' },
  { name: 'high', field: 'high', kind: 'numeric' },
  { name: 'low', field: 'low', kind: 'numeric' },
  { name: 'close', field: 'close', kind: 'numeric' },
  { name: 'volume', field: 'volume', kind: 'numeric' },
  { name: 'turnover', field: 'turnover', kind: 'numeric' },
  { name: 'count', field: 'count', kind: 'bigint' },
]

/**
 * How bars are computed. The prices at a bar's ends are looked up after its times are known, so that
 * the aggregation keeps no trade.
 */
export function barTarget(
  target: DailyTable<PublicTradeEvent>,
  category: Category,
): BinTarget<TradeBar> {
  const { order } = target
  const source = sourceSql(target)
  const turnover = category === 'inverse' ? 'null::numeric' : 'sum(price * size)'
  const priceAt = (lookup: Lookup, time: string, terms: readonly string[]): string => sqlText`
    select price
    from ${source}
    where ${lookup.ofSymbol('$2')}
      and ${lookup.atInstant(time)}
    order by ${terms.join(', ')}
    limit 1`
  return {
    target,
    columns: COLUMNS,
    sql: (lookup) => sqlText`
      select bar.start_ts, first.price as open, bar.high, bar.low, last.price as close,
        bar.volume, bar.turnover, bar.count
      from (
        select ${BIN_SQL} as start_ts,
          min(exchange_ts) as first_ts, max(exchange_ts) as last_ts,
          max(price) as high, min(price) as low,
          sum(size) as volume, ${turnover} as turnover, count(*) as count
        from ${source}
        where ${lookup.ofSymbol('$2')}
        group by 1
      ) as bar
      cross join lateral (
        ${priceAt(lookup, 'bar.first_ts', order)}
      ) as first
      cross join lateral (
        ${priceAt(lookup, 'bar.last_ts', reversed(order))}
      ) as last
      order by bar.start_ts`,
  }
}

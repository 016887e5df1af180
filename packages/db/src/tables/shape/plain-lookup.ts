import { sqlText } from '../../columns/sql-text.ts'
import { ASKED, isWithin, type Lookup, type SqlInterval, TOWARDS } from './lookup.ts'

/** Finds rows by a primary key of plain columns that begins with category, symbol and exchange time. */
export class PlainLookup implements Lookup {
  readonly partitionKey: null = null
  readonly baseIndex: null = null
  readonly timeOrder: readonly string[] = ['exchange_ts']

  sameKey(): readonly string[] {
    return []
  }

  ofSymbol(symbol: string, interval: SqlInterval = ASKED): string {
    return sqlText`
      category = $1::text and symbol = ${symbol}
        and ${isWithin(interval)}`
  }

  ofSymbols(): string {
    return sqlText`
      category = $1::text and symbol = any($2::text[])
        and ${isWithin(ASKED)}`
  }

  atInstant(instant: string): string {
    return `exchange_ts = ${instant}`
  }

  endTime(table: string, symbol: string, end: 'first' | 'last', condition?: string): string {
    return sqlText`
      select exchange_ts, local_ts
      from ${table}
      where ${this.ofSymbol(symbol)}
        ${condition === undefined ? '' : `and ${condition}`}
      order by exchange_ts ${TOWARDS[end]}
      limit 1`
  }

  symbols(table: string): string {
    return stepSymbolsSql(table)
  }
}

/**
 * Statement that steps from one symbol to the next along an index of plain columns, past all their
 * rows. With a condition, only rows that meet it count.
 */
export function stepSymbolsSql(table: string, condition = ''): string {
  return sqlText`
    with recursive step (symbol) as (
      (
        select symbol
        from ${table}
        where category = $1::text
          and exchange_ts >= $2::timestamptz and exchange_ts < $3::timestamptz
          ${condition}
        order by category, symbol
        limit 1
      )
      union all
      select (
        select ${table}.symbol
        from ${table}
        where category = $1::text
          and exchange_ts >= $2::timestamptz and exchange_ts < $3::timestamptz
          and ${table}.symbol > step.symbol
          ${condition}
        order by category, symbol
        limit 1
      )
      from step
      where step.symbol is not null
    )
    select symbol
    from step
    where symbol is not null`
}

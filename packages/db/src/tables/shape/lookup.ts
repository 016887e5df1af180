/** How a stored row is found by its key. */
export interface KeyLookup {
  /**
   * SQL conditions that two rows with one key meet, given their names: those that let the index find
   * the stored row, in addition to the equality of the key's columns.
   */
  sameKey(stored: string, offered: string): readonly string[]
}

/**
 * How the rows of a daily table are found by instrument and time: the SQL that all reads share, so that
 * no read has to know whether the table's index is of columns or of hashes.
 *
 * Parameters: `$1` category, `$2` symbol or an array of symbols, `$3` start and `$4` end of the
 * interval, start inclusive. A symbol is given as an SQL term, such as `$2` or `wanted.symbol`.
 */
export interface Lookup extends KeyLookup {
  /** SQL of the unique key that each partition is given; null where the table has a primary key. */
  readonly partitionKey: string | null
  /** SQL, after `on <table>`, of one more index that each partition is given; null for none. */
  readonly baseIndex: string | null
  /** SQL terms that order the rows of one instrument by time, as the index has them. */
  readonly timeOrder: readonly string[]
  /** SQL condition of the rows of one instrument in the interval, or in another one. */
  ofSymbol(symbol: string, interval?: SqlInterval): string
  /** SQL condition of the rows of the instruments `$2`, an array, in the interval. */
  ofSymbols(): string
  /** SQL condition of the rows of one instant, an SQL term. */
  atInstant(instant: string): string
  /**
   * Statement that gives the exchange time, and then the receive time, of an instrument's first or last
   * row in the interval: of all its rows, or of those that meet a condition.
   */
  endTime(table: string, symbol: string, end: 'first' | 'last', condition?: string): string
  /**
   * Statement that gives the symbols of the category `$1` with rows from `$2` to before `$3`, which are
   * the bounds of UTC days.
   */
  symbols(table: string): string
}

/** SQL terms of the bounds of an interval, start inclusive. */
export interface SqlInterval {
  readonly starts: string
  readonly ends: string
}

/** The interval of the parameters `$3` and `$4`. */
export const ASKED: SqlInterval = { starts: '$3::timestamptz', ends: '$4::timestamptz' }

/** SQL condition of an interval. */
export function isWithin({ starts, ends }: SqlInterval): string {
  return `exchange_ts >= ${starts} and exchange_ts < ${ends}`
}

/** The sort direction that puts the first, or the last, row first. */
export const TOWARDS = { first: 'asc', last: 'desc' } as const

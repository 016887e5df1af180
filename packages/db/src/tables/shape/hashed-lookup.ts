import { sqlText } from '../../columns/sql-text.ts'
import { ASKED, isWithin, type Lookup, type SqlInterval, TOWARDS } from './lookup.ts'

/** The SQL functions that make the key of a table. */
export interface HashFunctions {
  /** Hash of (category, symbol). Two instruments may share one. */
  readonly stream: string
  /** Number of an instant's second: it grows with time. */
  readonly second: string
  /** Hash of the whole identity: of `idColumns`. */
  readonly id: string
  readonly idColumns: readonly string[]
}

/**
 * Finds rows by a unique index over hashes of the key's columns, which takes a fifth of the bytes of
 * an index over the columns themselves. PostgreSQL makes no unique index of expressions on a table
 * that has partitions, so each partition has its own.
 */
export class HashedLookup implements Lookup {
  readonly partitionKey: string
  readonly baseIndex: string | null = null
  readonly timeOrder: readonly string[]
  readonly #functions: HashFunctions

  constructor(functions: HashFunctions) {
    this.#functions = functions
    const second = this.#second('exchange_ts')
    this.timeOrder = [second, 'exchange_ts']
    this.partitionKey = [this.#stream('category', 'symbol'), second, this.#id('')].join(', ')
  }

  sameKey(stored: string, offered: string): readonly string[] {
    const keyOf = (row: string): readonly string[] => [
      this.#stream(`${row}.category`, `${row}.symbol`),
      this.#second(`${row}.exchange_ts`),
      this.#id(`${row}.`),
    ]
    const wanted = keyOf(offered)
    return keyOf(stored).map((term, index) => `${term} = ${wanted[index]}`)
  }

  ofSymbol(symbol: string, interval: SqlInterval = ASKED): string {
    return this.#within(
      `= ${this.#stream('$1::text', symbol)}`,
      `category = $1::text and symbol = ${symbol}`,
      interval,
    )
  }

  ofSymbols(): string {
    const wanted = this.#stream('$1::text', 'wanted')
    return this.#within(
      `= any(array(select ${wanted} from unnest($2::text[]) as wanted))`,
      'category = $1::text and symbol = any($2::text[])',
      ASKED,
    )
  }

  atInstant(instant: string): string {
    const second = this.#second('exchange_ts')
    return `exchange_ts = ${instant} and ${second} = ${this.#second(instant)}`
  }

  /**
   * Finds the second first, which is the index's own order, and then the time within that second: a
   * plan that orders by the time itself may read every row of the interval and sort them.
   */
  endTime(table: string, symbol: string, end: 'first' | 'last', condition?: string): string {
    const second = this.#second('exchange_ts')
    const isWanted = condition === undefined ? '' : `and ${condition}`
    return sqlText`
      select within.exchange_ts, within.local_ts
      from (
        select ${second} as second
        from ${table}
        where ${this.ofSymbol(symbol)}
          ${isWanted}
        order by ${second} ${TOWARDS[end]}
        limit 1
      ) as edge
      cross join lateral (
        select exchange_ts, local_ts
        from ${table}
        where ${this.ofSymbol(symbol)}
          ${isWanted}
          and ${second} = edge.second
        order by exchange_ts ${TOWARDS[end]}
        limit 1
      ) as within`
  }

  /** Reads all rows of the days: two symbols may share a hash, so the index cannot be stepped along. */
  symbols(table: string): string {
    return sqlText`
      select distinct symbol
      from ${table}
      where category = $1::text
        and exchange_ts >= $2::timestamptz and exchange_ts < $3::timestamptz`
  }

  /**
   * The comparison of the columns, `isWanted`, only sorts out rows with an equal hash. From a plain
   * comparison the planner would conclude that few of the rows remain, and choose a plan that reads all
   * of them before it gives the first. It draws no such conclusion from a `case`.
   */
  #within(isStream: string, isWanted: string, interval: SqlInterval): string {
    return sqlText`
      ${this.#stream('category', 'symbol')} ${isStream}
        and ${this.#second('exchange_ts')}
          between ${this.#second(interval.starts)} and ${this.#second(interval.ends)}
        and ${isWithin(interval)}
        and case when ${isWanted} then true else false end`
  }

  #stream(category: string, symbol: string): string {
    return `${this.#functions.stream}(${category}, ${symbol})`
  }

  #second(instant: string): string {
    return `${this.#functions.second}(${instant})`
  }

  /** `row` is empty, or a row's name with a dot. */
  #id(row: string): string {
    const { id, idColumns } = this.#functions
    return `${id}(${idColumns.map((column) => `${row}${column}`).join(', ')})`
  }
}

import type { DailyTable, EventTable, StoredRow } from './event-table.ts'

/** What a table of hashed keys is looked up by, beside the columns themselves. */
export interface HashedKey {
  /** SQL of the key of an instrument. */
  readonly stream: (category: string, symbol: string) => string
  /** SQL of the key of an instant: it grows with time. */
  readonly second: (instant: string) => string
  /** SQL of the rest of a row's key, the row by its name. */
  readonly id: (row: string) => string
}

/** What a table's rows are read from, under the table's name. */
export function sourceSql<Row extends StoredRow>({ table, view }: EventTable<Row>): string {
  return view === undefined ? table : `${view} as ${table}`
}

const IS_WITHIN = 'exchange_ts >= $3::timestamptz and exchange_ts < $4::timestamptz'

/**
 * SQL conditions of the rows of category $1 between the times $3 and $4, and of one symbol: $2, or
 * another term.
 */
export function scopeSql<Row extends StoredRow>(
  { hashed }: DailyTable<Row>,
  symbol = '$2',
): string {
  const isWanted = `category = $1::text and symbol = ${symbol}`
  if (hashed === undefined) return `${isWanted} and ${IS_WITHIN}`
  return hashedSql(hashed, `= ${hashed.stream('$1::text', symbol)}`, isWanted)
}

/** The same of several symbols, the array $2. */
export function scopeOfManySql<Row extends StoredRow>({ hashed }: DailyTable<Row>): string {
  const isWanted = 'category = $1::text and symbol = any($2::text[])'
  if (hashed === undefined) return `${isWanted} and ${IS_WITHIN}`
  const keys = `select ${hashed.stream('$1::text', 'wanted')} from unnest($2::text[]) as wanted`
  return hashedSql(hashed, `= any(array(${keys}))`, isWanted)
}

function hashedSql({ stream, second }: HashedKey, isOne: string, isWanted: string): string {
  const bounds = ['$3', '$4'].map((time) => second(`${time}::timestamptz`))
  return (
    `${stream('category', 'symbol')} ${isOne} ` +
    `and ${second('exchange_ts')} between ${bounds.join(' and ')} and ${IS_WITHIN} ` +
    `and ${nearlyAlways(isWanted)}`
  )
}

/** SQL conditions that two rows, by their names, have one key, by the terms of its index. */
export function sameKeySql({ stream, second, id }: HashedKey, a: string, b: string): string {
  return [
    (row: string) => stream(`${row}.category`, `${row}.symbol`),
    (row: string) => second(`${row}.exchange_ts`),
    id,
  ]
    .map((term) => `${term(a)} = ${term(b)}`)
    .join(' and ')
}

/** The order of time as the index has it. */
export function timeOrder<Row extends StoredRow>({
  hashed,
}: Pick<DailyTable<Row>, 'hashed'>): readonly string[] {
  return hashed === undefined ? ['exchange_ts'] : [hashed.second('exchange_ts'), 'exchange_ts']
}

/** SQL condition of the rows of one instant, an SQL term. */
export function instantSql<Row extends StoredRow>(
  { hashed }: DailyTable<Row>,
  instant: string,
): string {
  const isThen = `exchange_ts = ${instant}`
  return hashed === undefined
    ? isThen
    : `${isThen} and ${hashed.second('exchange_ts')} = ${hashed.second(instant)}`
}

/**
 * A condition that only a collision of hashes fails. Of a comparison the planner would think that it
 * leaves one row in hundreds, and would read them all before it gives the first.
 */
function nearlyAlways(condition: string): string {
  return `case when ${condition} then true else false end`
}

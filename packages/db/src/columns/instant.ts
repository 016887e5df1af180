/** The largest time that a `Date` holds. */
const LATEST = 8_640_000_000_000_000

/** Writes an instant for PostgreSQL. Throws a `RangeError` that names the field unless it is whole epoch milliseconds. */
export function isoOf(field: string, ms: number): string {
  if (!Number.isSafeInteger(ms) || Math.abs(ms) > LATEST) {
    throw new RangeError(`${field} is ${ms}: a time is a whole number of epoch milliseconds`)
  }
  return new Date(ms).toISOString()
}

/** SQL of an instant as digits of epoch milliseconds. */
export function msSql(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::bigint::text`
}

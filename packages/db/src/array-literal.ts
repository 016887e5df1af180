/** A value that a column can be sent as. */
export type ArrayValue = string | number | boolean | null | undefined

const NEEDS_ESCAPE = /["\\]/
const ESCAPED = /["\\]/g

/**
 * Writes values as a PostgreSQL array literal, which pg and PGlite send alike as plain text.
 *
 * Texts are always quoted, so that no value can pass for `NULL` or for two elements.
 */
export function arrayLiteral(values: readonly ArrayValue[]): string {
  let literal = '{'
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ','
    literal += element(values[index])
  }
  return `${literal}}`
}

function element(value: ArrayValue): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value !== 'string') return String(value)
  return `"${NEEDS_ESCAPE.test(value) ? value.replace(ESCAPED, '\\$&') : value}"`
}

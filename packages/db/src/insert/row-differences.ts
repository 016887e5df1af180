import type { ImmutableField, StoredRow } from '../tables/shape/event-table.ts'

/** Gives SQL of a field's value in a row. */
type FieldSql = (field: string) => string

/** SQL condition that an immutable field differs between a stored and an offered row. */
export function differsSql<Row extends StoredRow>(
  { field, bothKnow }: ImmutableField<Row>,
  stored: FieldSql,
  offered: FieldSql,
  offeredName: string,
): string {
  if (bothKnow === undefined) return `${stored(field)} <> ${offered(field)}`
  const known = bothKnow('stored', offeredName)
  return `(${known} and ${stored(field)} is distinct from ${offered(field)})`
}

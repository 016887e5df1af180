import { columnName } from '../../schema/column-name.ts'
import type { ImmutableField, StoredRow } from './event-table.ts'

/**
 * A value that no identity holds, and that socket and REST word differently: it must be equal in two
 * deliveries by one source that both have it.
 */
export function sameOfSource<Row extends StoredRow>(
  field: keyof Row & string,
): ImmutableField<Row> {
  const column = columnName(field)
  return {
    field,
    bothKnow: (stored, offered) =>
      `${stored}.source = ${offered}.source and ` +
      `${stored}.${column} is not null and ${offered}.${column} is not null`,
  }
}

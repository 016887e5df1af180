import { sqlText } from '../../columns/sql-text.ts'
import type { ImmutableField, StoredRow } from './event-table.ts'

/** An event with what its message had beside the known keys. */
interface WithExtra extends StoredRow {
  readonly extra: unknown
}

/**
 * Keys that are not known here must be equal in two deliveries, though no identity holds them: two states
 * that differ in nothing else are two. Socket and REST may each have such keys of their own, so of
 * deliveries by different sources only the keys that both have are compared.
 */
export function sameExtra<Row extends WithExtra>(): ImmutableField<Row> {
  return {
    field: 'extra',
    bothKnow: (stored, offered) => sqlText`
      (${stored}.source = ${offered}.source or exists (
        select
        from jsonb_each(${stored}.extra) as one
        join jsonb_each(${offered}.extra) as other using (key)
        where one.value <> other.value
      ))`,
  }
}

import type { GridEvent } from '@grid/core-events'
import type { Column } from './column.ts'
import type { PartitionedTable } from './partitions.ts'

/** A field on which two deliveries of one thing must agree, where both know it. */
export interface ImmutableField<Event> {
  readonly field: keyof Event & string
  /** SQL over `stored` and `batch`, true where both know it, null included; without it null is unknown. */
  readonly bothKnow?: string
}

/** Where and how the events of one channel are stored. */
export interface EventTable<Event extends GridEvent> {
  readonly channel: Event['channel']
  readonly table: PartitionedTable
  readonly columns: readonly Column<Event>[]
  /** The fields of the primary key, in its order. */
  readonly key: readonly (keyof Event & string)[]
  /** Orders by key, alike for every writer: that is what keeps two of them from deadlock. */
  readonly compare: (a: Event, b: Event) => number
  /** SQL of the total order of a (category, symbol), after `exchange_ts`. */
  readonly order: readonly string[]
  readonly immutable: readonly ImmutableField<Event>[]
}

/** Orders two texts or numbers. */
export function compareValues<Value extends string | number>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0
}

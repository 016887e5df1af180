import { columnOf, type EventTable, type StoredRow } from '../tables/shape/event-table.ts'

/** SQL that fills one column of a stored row. */
export interface ColumnFill {
  /** The assignment. */
  readonly set: string
  /** The condition under which it changes the row. */
  readonly isFilled: string
}

/** Gives SQL that fills a column of the row `stored` from another one, where it is null or says nothing. */
export function fillOf<Row extends StoredRow>(
  target: EventTable<Row>,
  field: keyof Row & string,
  other: string,
): ColumnFill {
  const { name } = columnOf(target, field)
  const [stored, offered] = [`stored.${name}`, `${other}.${name}`]
  const { nothing } = target.immutable.find((immutable) => immutable.field === field) ?? {}
  if (nothing === undefined) {
    const isFilled = `${stored} is null and ${offered} is not null`
    return { set: `${name} = coalesce(${stored}, ${offered})`, isFilled }
  }
  const said = [stored, offered].map((value) => `nullif(${value}, ${nothing})`)
  const value = `coalesce(${[...said, stored, offered].join(', ')})`
  return { set: `${name} = ${value}`, isFilled: `${stored} is distinct from ${value}` }
}

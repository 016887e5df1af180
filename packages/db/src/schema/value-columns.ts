import type { Decimal, JsonValue } from '@grid/core-events'
import type { ColumnName } from './column-name.ts'
import type { NullableJson, NullableTimestamp, Numeric } from './column-types.ts'

type ColumnOf<Name, Value> = Name extends `${string}Time`
  ? NullableTimestamp
  : [NonNullable<Value>] extends [Decimal]
    ? Numeric | null
    : [NonNullable<Value>] extends [string]
      ? string | null
      : [NonNullable<Value>] extends [number]
        ? number | null
        : [NonNullable<Value>] extends [boolean]
          ? boolean | null
          : NullableJson<NonNullable<Value> & JsonValue>

/** The columns of values that may be null. */
export type ValueColumns<Values> = {
  [Name in keyof Values & string as ColumnName<Name>]: ColumnOf<Name, Values[Name]>
}

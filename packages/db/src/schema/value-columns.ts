import type { Decimal, JsonObject, JsonValue } from '@grid/core-events'
import type { ColumnType } from 'kysely'
import type { ColumnName } from './column-name.ts'
import type { Numeric } from './database.ts'

/** `jsonb`: written as JSON text. */
export type NullableJson<Value extends JsonValue = JsonObject> = ColumnType<
  Value | null,
  string | null,
  string | null
>

type NullableTimestamp = ColumnType<Date | null, Date | string | null, Date | string | null>

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

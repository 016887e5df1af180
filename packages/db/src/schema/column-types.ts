import type { JsonObject, JsonValue } from '@grid/core-events'
import type { ColumnType, InsertType, SelectType, UpdateType } from 'kysely'

/**
 * `timestamptz`: read as a `Date`, which keeps milliseconds only. Cast to text, or use the
 * repositories, for microseconds.
 */
export type Timestamp = ColumnType<Date, Date | string, Date | string>
/** `timestamptz` that may be null. */
export type NullableTimestamp = ColumnType<Date | null, Date | string | null, Date | string | null>
/** `numeric`: exact digits as text. */
export type Numeric = TextOf<'numeric'>
/** `uuid`: its usual text. */
export type Uuid = TextOf<'uuid'>
/** `bigint`: digits as text. */
export type BigInteger = ColumnType<string, string | number | bigint, string | number | bigint>
/** `jsonb` that holds an object: written as JSON text. */
export type Json = ColumnType<JsonObject, string, string>
/** `jsonb` that may be null: written as JSON text. */
export type NullableJson<Value extends JsonValue = JsonObject> = ColumnType<
  Value | null,
  string | null,
  string | null
>

/** A column that the database fills in when it is left out. */
export type WithDefault<Column> = ColumnType<
  SelectType<Column>,
  InsertType<Column> | undefined,
  UpdateType<Column>
> &
  (Column extends { readonly __columnType__?: infer Type }
    ? { readonly __columnType__?: Type }
    : unknown)

/**
 * A column that is read and written as text although PostgreSQL has another type for it. The type's
 * name exists for the compiler only.
 */
type TextOf<Type extends string> = ColumnType<string, string, string> & {
  readonly __columnType__?: Type
}

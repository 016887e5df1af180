import type { InsertType, SelectType } from 'kysely'
import type { ColumnName } from '../schema/column-name.ts'
import type { GridDatabase } from '../schema/database.ts'
import type { ColumnKindName } from './column-kind.ts'

/**
 * The kinds that a field of a row may have when it is stored in a table: those that fit both its column
 * in the schema and its values. `never` when the table has no such column.
 */
export type KindOf<Table extends keyof GridDatabase, Row, Field extends keyof Row & string> =
  ColumnName<Field> extends keyof GridDatabase[Table]
    ? KindOfColumn<GridDatabase[Table][ColumnName<Field>], Field> &
        KindOfValue<NonNullable<Row[Field]>>
    : never

type KindOfColumn<Column, Field extends string> = KindOfType<
  NonNullable<SelectType<Column>>,
  NonNullable<InsertType<Column>>,
  NonNullable<Column> extends { readonly __columnType__?: infer Type } ? Type : unknown,
  Field
>

type KindOfType<Selected, Inserted, Type, Field extends string> = [Selected] extends [string]
  ? bigint extends Inserted
    ? 'bigint' | 'digits'
    : unknown extends Type
      ? 'text'
      : NonNullable<Type>
  : [Selected] extends [Date]
    ? Field extends `${string}Us`
      ? 'us'
      : 'ms'
    : [Selected] extends [boolean]
      ? 'boolean'
      : [Selected] extends [number]
        ? 'integer'
        : [Selected] extends [Uint8Array]
          ? 'bytea'
          : 'jsonb'

type KindOfValue<Value> = Extract<
  ColumnKindName,
  [Value] extends [string]
    ? 'text' | 'numeric' | 'uuid' | 'digits'
    : [Value] extends [number]
      ? 'bigint' | 'integer' | 'ms' | 'us'
      : [Value] extends [boolean]
        ? 'boolean'
        : [Value] extends [Uint8Array]
          ? 'bytea'
          : 'jsonb'
>

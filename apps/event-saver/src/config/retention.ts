import { PARTITIONED_TABLES, type PartitionedTable } from '@grid/db'

/** How long days are kept, by table, in milliseconds; null keeps them. */
export type Retention = Readonly<Record<PartitionedTable, number | null>>

/** The name of the setting for a table's retention: `retention` and the table's name in Pascal case. */
export type RetentionName<Table extends PartitionedTable> = `retention${PascalCase<Table>}`

type PascalCase<Name extends string> = Name extends `${infer Head}_${infer Rest}`
  ? `${Capitalize<Head>}${PascalCase<Rest>}`
  : Capitalize<Name>

/** The values of the retention settings, by name. */
export type RetentionValues = {
  readonly [Table in PartitionedTable as RetentionName<Table>]: number | null
}

/** The name of the setting for a table's retention. */
export function retentionName(table: PartitionedTable): RetentionName<PartitionedTable> {
  const pascal = table.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  // Sound: `PascalCase` does the same.
  return `retention${pascal}` as RetentionName<PartitionedTable>
}

/** The configured retention of each table. */
export function retentionOf(config: RetentionValues): Retention {
  const entries = PARTITIONED_TABLES.map((table) => [table, config[retentionName(table)]])
  // Sound: every table has an entry.
  return Object.fromEntries(entries) as Retention
}

import type { PublicChannel } from '@grid/core-events'
import type { PartitionedTable } from '../schema/market-schema.ts'
import { MARKET_TABLES } from './market-tables.ts'

/** A table of market data of whichever channel. */
export type AnyDailyTable = (typeof MARKET_TABLES)[PublicChannel]

/** The tables of market data, in the order of the registry. */
export const DAILY_TABLES: readonly AnyDailyTable[] = Object.values(MARKET_TABLES)

/** The names of the tables that have a partition a UTC day. */
export const PARTITIONED_TABLES: readonly PartitionedTable[] = DAILY_TABLES.map(
  ({ table }) => table,
)

/** Whether a table has a partition a UTC day. */
export function isPartitionedTable(table: string): table is PartitionedTable {
  return PARTITIONED_TABLES.some((name) => name === table)
}

/** The descriptor of a table that has a partition a UTC day. */
export function dailyTable(table: PartitionedTable): AnyDailyTable {
  const found = DAILY_TABLES.find((candidate) => candidate.table === table)
  if (found === undefined) throw new TypeError(`${table} is no table of market data`)
  return found
}

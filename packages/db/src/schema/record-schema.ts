import type { ColumnType } from 'kysely'
import type { BigInteger, NullableTimestamp, Timestamp, Uuid, WithDefault } from './column-types.ts'

/** The tables of records about what was captured, and about the database itself. */
export interface RecordSchema {
  dead_letters: DeadLettersTable
  capture_gaps: CaptureGapsTable
  removed_days: RemovedDaysTable
  journal_positions: JournalPositionsTable
  grid_meta: GridMetaTable
}

/** Table `dead_letters`: items that could not be normalized or stored, whole. */
export interface DeadLettersTable {
  id: WithDefault<BigInteger>
  code: string
  reason: string
  field: string | null
  category: string | null
  channel: string | null
  topic: string | null
  symbol: string | null
  source: string
  /** Null for market data. */
  account_id: Uuid | null
  local_ts: Timestamp
  collector: string | null
  raw: Uint8Array
  created_at: WithDefault<Timestamp>
  /** A hash of what the letter says; null for letters of versions that made none. */
  identity: WithDefault<Uint8Array | null>
  /** `waiting` until it was tried again and stored: then `retried`. */
  state: WithDefault<string>
  /** When it was tried again last. */
  tried_at: WithDefault<NullableTimestamp>
}

/** Table `capture_gaps`: intervals of one stream in which events may have been missed. */
export interface CaptureGapsTable {
  id: WithDefault<Uuid>
  /** Null for an account's gap, which covers all its categories. */
  category: string | null
  channel: string
  symbol: string | null
  /** A candle's interval or a book's depth; null where the channel has no variants. */
  variant: string | null
  /** Null for market data. */
  account_id: Uuid | null
  start_ts: Timestamp
  end_ts: Timestamp
  state: string
  reason: string
  collector: string
  /** `tstzmultirange`: the parts that are not filled, from a millisecond to before another; null for all. */
  rest: WithDefault<string | null>
  created_at: WithDefault<Timestamp>
  updated_at: WithDefault<Timestamp>
}

/**
 * Table `removed_days`: days whose partition was removed, or is to be removed while `removed_at` is
 * null.
 */
export interface RemovedDaysTable {
  id: WithDefault<BigInteger>
  table_name: string
  /** `date`: cast it to text, or use `listRemovedDays`; as a `Date` its day depends on the driver. */
  day: ColumnType<Date, string, string>
  requested_by: string
  requested_at: WithDefault<Timestamp>
  /** Whether the day still had open gaps when its 14 days for repairs ended. */
  repair_overdue: WithDefault<boolean>
  removed_at: NullableTimestamp
  row_count: ColumnType<string | null, string | number | null, string | number | null>
  bytes: ColumnType<string | null, string | number | null, string | number | null>
}

/** Table `journal_positions`: up to where each channel of a collector's journal is in the database. */
export interface JournalPositionsTable {
  collector: string
  /** What moves by itself: a channel of events, `dead_letters`, `gaps`. */
  channel: string
  /** The journal that the position counts in. */
  journal_id: Uuid
  position: BigInteger
  /** Exchange time before which everything of the channel is in its table; null where no writer said so. */
  stored_until: WithDefault<NullableTimestamp>
  /** When it moved last, by the database's clock. */
  moved_at: WithDefault<Timestamp>
}

/** Table `grid_meta`: one row that says which environment and schema version the database has. */
export interface GridMetaTable {
  only_row: WithDefault<boolean>
  environment: string | null
  schema_version: number
  min_reader: number
  min_writer: number
}

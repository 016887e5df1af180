import type { Category, Channel } from '@grid/core-events'
import type { Column } from '../columns/column.ts'

/** A frame, and a stream of which it told something: the rows that were made of both are replaced. */
export interface ReplacedFrame {
  readonly channel: Channel
  /** Of market data; null for an account. */
  readonly category: Category | null
  /** Of market data; null for an account. */
  readonly symbol: string | null
  /** Of an account; null for market data. */
  readonly accountId: string | null
  /** When it was received, in epoch microseconds: every row that was made of it has this time. */
  readonly localTsUs: number
}

/** The table of frames. Like the others here it lives as long as the transaction. */
export const FRAMES = 'replaced_frames'
/** The rows that are to go, by their place. */
export const ROWS = 'replaced_rows'

export const FRAME_COLUMNS: readonly Column<ReplacedFrame>[] = [
  { name: 'channel', field: 'channel', kind: 'text' },
  { name: 'category', field: 'category', kind: 'text' },
  { name: 'symbol', field: 'symbol', kind: 'text' },
  { name: 'account_id', field: 'accountId', kind: 'uuid' },
  { name: 'local_ts', field: 'localTsUs', kind: 'us' },
]

/** SQL that makes the tables. Between two statements a caller may read for minutes. */
export const MAKE_TABLES: readonly string[] = [
  'set local idle_in_transaction_session_timeout = 0',
  `create temp table ${FRAMES} (
    channel text collate "C" not null,
    category text collate "C",
    symbol text collate "C",
    account_id uuid,
    local_ts timestamptz not null
  ) on commit drop`,
  `create temp table ${ROWS} (place oid not null, row tid not null) on commit drop`,
]

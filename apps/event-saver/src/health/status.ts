import type { Channel } from '@grid/core-events'
import type { AccountStatus } from '../accounts/account-status.ts'
import type { MarketTopic } from '../market/market-capture.ts'
import type { GapTotals, RecordedGap } from '../pipeline/gap-recorder.ts'
import type { LedgerEntry } from '../pipeline/ledger.ts'
import type { UnknownKeyCount } from '../pipeline/unknown-keys.ts'
import type { RetentionTotal } from '../storage/retention-totals.ts'
import type { ReadinessCheck } from './readiness.ts'

/** Everything a saver says of itself, read in one step; the body of `/status`. */
export interface SaverStatus {
  readonly name: 'event-saver'
  readonly pid: number
  /** Epoch milliseconds. */
  readonly now: number
  readonly startedAt: number
  readonly environment: string
  readonly collector: string
  /** Without its password. */
  readonly database: string
  readonly databaseReady: boolean
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
  readonly topics: readonly (MarketTopic & { readonly lastEventAgeSeconds: number | null })[]
  /** Every account that is enabled. */
  readonly accounts: readonly AccountStatus[]
  readonly channels: readonly LedgerEntry[]
  /** Keys of messages that this version does not know; their values are kept in `extra`. */
  readonly unknownKeys: readonly UnknownKeyCount[]
  /** Age of the oldest waiting event, by channel. */
  readonly lagSeconds: Readonly<Record<Channel, number>>
  readonly journalBytes: number
  readonly connections: number
  /** What retention removed since the start, by table. */
  readonly retention: readonly RetentionTotal[]
  readonly gaps: GapTotals & { readonly recent: readonly RecordedGap[] }
  /** Bytes. */
  readonly rss: number
}

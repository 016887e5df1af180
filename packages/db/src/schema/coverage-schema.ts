import type { Generated, GeneratedAlways } from 'kysely'
import type { BigInteger, NullableTimestamp, Timestamp, Uuid, WithDefault } from './column-types.ts'

/** The tables of the ledger: what was wanted, what is covered, and what was lost. Times are exchange time. */
export interface CoverageSchema {
  streams: StreamsTable
  collectors: CollectorsTable
  wanted_spans: WantedSpansTable
  coverage_lines: CoverageLinesTable
  collector_beats: CollectorBeatsTable
  coverage_spans: CoverageSpansTable
  coverage_losses: CoverageLossesTable
  left_positions: LeftPositionsTable
  coverage_days: CoverageDaysTable
  coverage_dirty: CoverageDirtyTable
  coverage_midnights: CoverageMidnightsTable
}

/**
 * What a span of time is covered by, the weakest first.
 *
 * | evidence | meaning |
 * |---|---|
 * | `imported` | somebody brought rows and says that they are all |
 * | `live` | a topic was heard without a break, and what came is stored |
 * | `rest` | the exchange's REST history was read whole |
 * | `sequence` | the rows' own numbers leave nothing out |
 * | `continuity` | each state follows from the one before it |
 * | `candle` | the exchange's candles count what the rows count |
 * | `archive` | the rows are those of the exchange's archive |
 */
export type CoverageEvidence =
  | 'imported'
  | 'live'
  | 'rest'
  | 'sequence'
  | 'continuity'
  | 'candle'
  | 'archive'

/** Table `streams`: what can be captured. `''` stands for a part that a stream does not have. */
export interface StreamsTable {
  id: GeneratedAlways<number>
  channel: string
  category: Generated<string>
  symbol: Generated<string>
  variant: Generated<string>
  /** Null for market data. */
  account_id: Uuid | null
}

/** Table `collectors`: who captures, a row a journal. A new data directory is a new row of the same name. */
export interface CollectorsTable {
  id: GeneratedAlways<number>
  name: string
  journal_id: Uuid
  registered_at: WithDefault<Timestamp>
  /** When an operator said that it will not come back. */
  retired_at: WithDefault<NullableTimestamp>
}

/** Table `wanted_spans`: when a stream was to be captured. A stop or a crash ends none. */
export interface WantedSpansTable {
  id: GeneratedAlways<string>
  stream_id: number
  /** A collector's name, whatever its journal. */
  collector: string
  from_ts: Timestamp
  /** Exclusive; null while it is wanted. */
  to_ts: NullableTimestamp
}

/** Table `coverage_lines`: unbroken delivery to one collector, over one connection or several that overlapped. */
export interface CoverageLinesTable {
  id: GeneratedAlways<number>
  collector_id: number
  /** Of the record of its opening. */
  journal_position: BigInteger
  /** Null for market data. */
  account_id: Uuid | null
  /** Its place in `collector_beats.behind_cs`, from 0. */
  slot: number
  opened_at: Timestamp
  /** When it was heard last; null while it is open. */
  alive_until: NullableTimestamp
  /** When it was heard last, while that is longer ago than a beat can say. */
  quiet_since: WithDefault<NullableTimestamp>
  /** Why it ended. */
  cause: WithDefault<string | null>
}

/** Table `collector_beats`: how long before the beat each open line was heard last. */
export interface CollectorBeatsTable {
  collector_id: number
  beat_at: Timestamp
  /** `smallint[]` by slot, in hundredths of a second; null for a slot without an open line. */
  behind_cs: string
}

/** Table `coverage_spans`: claims. A live one ends with its line unless it ends before; a proof has an end. */
export interface CoverageSpansTable {
  id: WithDefault<BigInteger>
  from_ts: Timestamp
  /** Exclusive. */
  to_ts: NullableTimestamp
  stream_id: number
  /** Null for a proof. */
  line_id: number | null
  evidence: CoverageEvidence
}

/** Table `coverage_losses`: what takes time out of claims. */
export interface CoverageLossesTable {
  id: WithDefault<BigInteger>
  from_ts: Timestamp
  /** Exclusive; null while it lasts. */
  to_ts: NullableTimestamp
  /** Null for all streams. */
  stream_id: number | null
  /** Null for all channels. */
  channel: string | null
  /** Cuts the live claims of this collector only. */
  collector_id: number | null
  /** Cuts the claims of this line only. */
  line_id: number | null
  /** The record of the journal that tells of it; null where none does. */
  journal_position: BigInteger | null
  reason: string
  /** How many events were lost; null where that is not known. */
  items: BigInteger | null
}

/** Table `left_positions`: up to when channels of a journal are stored whose collector has another one now. */
export interface LeftPositionsTable {
  collector_id: number
  channel: string
  stored_until: Timestamp
}

/** Table `coverage_days`: days as they were computed last; valid while `coverage_dirty` does not name the day. */
export interface CoverageDaysTable {
  /** `date`: cast it to text; as a `Date` its day depends on the driver. */
  day: string
  stream_id: number
  wanted_ms: number
  covered_ms: number
  gaps: number
  largest_gap_ms: number
  evidence: CoverageEvidence[]
}

/** Table `coverage_dirty`: days whose row in `coverage_days` may not hold any more. */
export interface CoverageDirtyTable {
  id: GeneratedAlways<string>
  /** `date`, likewise. */
  day: string
}

/** Table `coverage_midnights`: the days that have begun, and in which transaction that was noted. */
export interface CoverageMidnightsTable {
  /** `date`, likewise. */
  day: string
  /** `xid8`: once no older transaction is open, the day before changes no more without a mark. */
  noted_in: Generated<string>
}

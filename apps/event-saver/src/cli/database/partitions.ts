import { durationText } from '@grid/core-events'
import {
  type DueDays,
  type FreezeReport,
  findDueDays,
  freezeClosedDays,
  type GridDatabase,
  listPartitions,
  listRemovedDays,
  type NarrowReport,
  narrowDays,
  PARTITIONED_TABLES,
  type Partition,
  type PartitionedTable,
  pruneDays,
  type RemovedDay,
  type RetentionPolicy,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../../config/config.ts'
import { retentionName, retentionOf } from '../../config/retention.ts'
import { SETTINGS } from '../../config/settings.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { reasonOf } from '../../log/reason.ts'
import { withDatabase } from '../with-database.ts'

/** Which days `partitions list` shows. */
export interface ListSelection {
  readonly table: PartitionedTable | undefined
  /** Count the rows instead of estimating them. */
  readonly exact: boolean
}

/** Which days `partitions prune` removes. */
export interface PruneSelection {
  /** Default: every table that has a retention. */
  readonly table: PartitionedTable | undefined
  /** Milliseconds; default: the configured retention. */
  readonly olderThanMs: number | undefined
  readonly dryRun: boolean
  /** Remove days although gaps in them are not filled yet. */
  readonly force: boolean
}

/** A day that was removed, is due, is kept, or could not be removed yet. */
export interface PrunedDay {
  readonly table: PartitionedTable
  readonly day: string
  readonly outcome: 'removed' | 'due' | 'kept' | 'postponed'
  readonly rows: number | null
  readonly bytes: number | null
  /** Whether it is removed although it has open gaps. */
  readonly repairOverdue?: boolean
  /** Why it is kept or postponed. */
  readonly reason?: string
  /** When a kept day will be due, in epoch milliseconds. */
  readonly dueTs?: number
  /** Whether it is kept only because it is not old enough. */
  readonly isYoung?: boolean
}

/** Lists the stored days. */
export function listDays(
  config: Config,
  { table, exact }: ListSelection,
): Promise<readonly Partition[]> {
  const query = table === undefined ? { exact } : { table, exact }
  const use = { command: 'partitions list', mode: 'read' } as const
  return withDatabase(config, use, (db) => listPartitions(db, query))
}

/** Lists the removed days. */
export function listRemoved(
  config: Config,
  table: PartitionedTable | undefined,
): Promise<readonly RemovedDay[]> {
  const use = { command: 'partitions list', mode: 'read' } as const
  return withDatabase(config, use, (db) =>
    listRemovedDays(db, table === undefined ? {} : { table }),
  )
}

/** Freezes the days that are over. */
export function freezeDays(
  config: Config,
  table: PartitionedTable | undefined,
): Promise<FreezeReport> {
  const use = { command: 'partitions freeze', mode: 'write' } as const
  return withDatabase(config, use, (db) =>
    freezeClosedDays(db, table === undefined ? {} : { table }),
  )
}

/** Rewrites days of tickers that an earlier version stored. */
export function narrowStored(config: Config, day: string | undefined): Promise<NarrowReport> {
  const use = { command: 'partitions narrow', mode: 'write' } as const
  return withDatabase(config, use, (db) => narrowDays(db, day === undefined ? {} : { day }))
}

/** A day that was rewritten, or could not be yet. */
export interface RewrittenDay {
  readonly table: PartitionedTable
  readonly day: string
  readonly outcome: 'narrowed' | 'postponed'
  readonly rows: number | null
  readonly bytesBefore: number | null
  readonly bytes: number | null
  readonly reason?: string
}

/** What became of each day, as data. */
export function narrowedDays({ narrowed, postponed }: NarrowReport): readonly RewrittenDay[] {
  const unknown = { rows: null, bytesBefore: null, bytes: null }
  return [
    ...narrowed.map((day) => ({ ...day, outcome: 'narrowed' as const })),
    ...postponed.map(({ table, day, error }) => {
      return { table, day, outcome: 'postponed' as const, ...unknown, reason: reasonOf(error) }
    }),
  ]
}

/** A line for each day that was rewritten, or could not be yet. */
export function narrowedLines(report: NarrowReport): string[] {
  return narrowedDays(report).map(({ table, day, outcome, rows, bytesBefore, bytes, reason }) => {
    if (bytes === null || bytesBefore === null) return `${outcome} ${table} ${day}: ${reason}`
    return `${outcome}  ${table} ${day}, ${rows} rows, ${size(bytesBefore)} before, ${size(bytes)} now`
  })
}

/** Removes days past their retention, or only lists them. */
export function pruneTables(
  config: Config,
  selection: PruneSelection,
): Promise<readonly PrunedDay[]> {
  const policies = policiesOf(config, selection)
  const { dryRun } = selection
  const use = { command: 'partitions prune', mode: dryRun ? 'read' : 'write' } as const
  const requestedBy = `${config.collector} (event-saver partitions prune${selection.force ? ' --force' : ''})`
  return withDatabase(config, use, async (db) => {
    const days: PrunedDay[] = []
    for (const policy of policies) {
      const { due, ...waiting } = await findDueDays(db, policy)
      if (dryRun) days.push(...due.map((day) => ({ ...factsOf(day), outcome: 'due' as const })))
      else days.push(...(await prune(db, policy, requestedBy)))
      days.push(...keptDays(policy, waiting))
    }
    return days
  })
}

async function prune(
  db: Kysely<GridDatabase>,
  policy: Policy,
  requestedBy: string,
): Promise<PrunedDay[]> {
  const { removed, postponed } = await pruneDays(db, { ...policy, requestedBy })
  return [
    ...removed.map((day) => ({ ...factsOf(day), outcome: 'removed' as const })),
    ...postponed.map(({ table, day, error }) => {
      const reason = reasonOf(error)
      return { table, day, outcome: 'postponed' as const, rows: null, bytes: null, reason }
    }),
  ]
}

function keptDays(
  { olderThanMs }: Policy,
  { kept, young, detached }: Omit<DueDays, 'due'>,
): PrunedDay[] {
  const keptDay = (day: Partition, reason: string): PrunedDay => ({
    ...factsOf(day),
    outcome: 'kept',
    reason,
  })
  const youngReason = `younger than ${durationText(olderThanMs)}`
  return [
    ...kept.map((day) => keptDay(day, 'gaps of that day are not filled yet')),
    ...detached.map((day) => keptDay(day, 'it was detached by hand, so drop it by hand')),
    ...young.map((day) => ({ ...keptDay(day, youngReason), isYoung: true })),
  ]
}

function factsOf(day: {
  readonly table: PartitionedTable
  readonly day: string
  readonly rows: number | null
  readonly bytes: number | null
  readonly repairOverdue?: boolean
  readonly dueTs?: number
}): Omit<PrunedDay, 'outcome'> {
  const { table, rows, bytes, repairOverdue, dueTs } = day
  const overdue = repairOverdue === undefined ? {} : { repairOverdue }
  const due = dueTs === undefined ? {} : { dueTs }
  return { table, day: day.day, rows, bytes, ...overdue, ...due }
}

type Policy = Required<Pick<RetentionPolicy, 'table' | 'olderThanMs' | 'evenIfNeeded'>>

function policiesOf(
  config: Config,
  { table, olderThanMs, force }: PruneSelection,
): readonly Policy[] {
  if (force && table === undefined) {
    throw new CommandError(EXIT.usage, 'TABLE_NEEDED', '--force needs --table')
  }
  if (olderThanMs !== undefined && table === undefined) {
    throw new CommandError(EXIT.usage, 'TABLE_NEEDED', '--older-than needs --table')
  }
  const tables = table === undefined ? PARTITIONED_TABLES : [table]
  const configured = retentionOf(config)
  const policies = tables.flatMap((name) => {
    const limit = olderThanMs ?? configured[name]
    return limit === null ? [] : [{ table: name, olderThanMs: limit, evenIfNeeded: force }]
  })
  if (policies.length > 0) return policies
  const variables = tables.map((name) => SETTINGS[retentionName(name)].variable)
  throw new CommandError(
    EXIT.usage,
    'RETENTION_UNSET',
    `no retention is set: give --table and --older-than, or set ${variables.join(' or ')}`,
  )
}

/** A line for each partition. */
export function partitionLines(partitions: readonly Partition[]): string[] {
  const width = Math.max(...PARTITIONED_TABLES.map((table) => table.length + 1))
  return partitions.map(({ table, day, rows, bytes, state, isClosed, isFrozen }) => {
    const age = isFrozen ? 'frozen' : isClosed ? 'closed' : 'open'
    const count = rows === null ? 'rows unknown' : `${rows} rows`
    return `${table.padEnd(width)} ${day}  ${count.padStart(16)}  ${size(bytes).padStart(10)}  ${state}, ${age}`
  })
}

/** A line for each day that was frozen, or could not be yet. */
export function frozenLines({ frozen, postponed }: FreezeReport): string[] {
  if (frozen.length + postponed.length === 0) return ['no day is over and not frozen yet']
  const why = 'a lock or an older transaction of another session is in the way; run it again later'
  return [
    ...partitionLines(frozen),
    ...postponed.map(({ table, day }) => `postponed ${table} ${day}: ${why}`),
  ]
}

/** A line for each day; days that are not old enough have one a table. */
export function prunedLines(days: readonly PrunedDay[]): string[] {
  const young = days.filter(({ isYoung }) => isYoung === true)
  const byTable = Map.groupBy(young, ({ table }) => table)
  return [
    ...days.filter(({ isYoung }) => isYoung !== true).map(prunedLine),
    ...[...byTable].map(([table, group]) => youngLine(table, group)),
  ]
}

function prunedLine({ outcome, rows, bytes, reason, ...day }: PrunedDay): string {
  const held = bytes === null ? '' : `, ${rows ?? 'unknown'} rows, ${size(bytes)}`
  const overdue = day.repairOverdue ? ', with gaps that were never filled' : ''
  const why = reason === undefined ? '' : `: ${reason}`
  const due =
    day.dueTs === undefined
      ? ''
      : `; due once they are, and ${timeText(day.dueTs)} at the latest; --force removes it before`
  return `${outcome.padEnd(9)} ${day.table} ${day.day}${held}${overdue}${why}${due}`
}

function youngLine(table: PartitionedTable, days: readonly PrunedDay[]): string {
  const first = days[0]
  const last = days.at(-1)
  const count = days.length === 1 ? '1 day' : `${days.length} days`
  const when =
    first?.dueTs === undefined ? '' : `; ${first.day} will be due ${timeText(first.dueTs)}`
  return `${'kept'.padEnd(9)} ${table} ${first?.day} to ${last?.day}, ${count}: ${first?.reason}${when}`
}

/** As `2026-11-22 00:00 UTC`. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** A line for each removed day. */
export function removedLines(days: readonly RemovedDay[]): string[] {
  return days.map(({ removedAt, requestedBy, ...day }) => {
    return `${prunedLine({ ...day, outcome: 'removed' })}, ${new Date(removedAt).toISOString()} by ${requestedBy}`
  })
}

function size(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 10 ? `${(bytes / 1024).toFixed(0)} KiB` : `${mebibytes.toFixed(0)} MiB`
}

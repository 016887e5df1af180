import {
  type FreezeReport,
  findDueDays,
  freezeClosedDays,
  listPartitions,
  listRemovedDays,
  PARTITIONED_TABLES,
  type Partition,
  type PartitionedTable,
  pruneDays,
  type RemovedDay,
} from '@grid/db'
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
}

/** A day that was removed, is due, is kept for its open gaps, or could not be removed yet. */
export interface PrunedDay {
  readonly table: PartitionedTable
  readonly day: string
  readonly outcome: 'removed' | 'due' | 'kept' | 'postponed'
  readonly rows: number | null
  readonly bytes: number | null
  /** Whether it is removed although it has open gaps. */
  readonly repairOverdue?: boolean
  readonly reason?: string
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

/** Removes days past their retention, or only lists them. */
export function pruneTables(
  config: Config,
  selection: PruneSelection,
): Promise<readonly PrunedDay[]> {
  const policies = policiesOf(config, selection)
  const { dryRun } = selection
  const use = { command: 'partitions prune', mode: dryRun ? 'read' : 'write' } as const
  return withDatabase(config, use, async (db) => {
    const days: PrunedDay[] = []
    for (const policy of policies) {
      const { due, kept } = await findDueDays(db, policy)
      days.push(...kept.map((day) => ({ ...factsOf(day), outcome: 'kept' as const })))
      if (dryRun) {
        days.push(...due.map((day) => ({ ...factsOf(day), outcome: 'due' as const })))
        continue
      }
      const requestedBy = `${config.collector} (event-saver partitions prune)`
      const { removed, postponed } = await pruneDays(db, { ...policy, requestedBy })
      days.push(...removed.map((day) => ({ ...factsOf(day), outcome: 'removed' as const })))
      for (const { table, day, error } of postponed) {
        const reason = reasonOf(error)
        days.push({ table, day, outcome: 'postponed', rows: null, bytes: null, reason })
      }
    }
    return days
  })
}

function factsOf(day: {
  readonly table: PartitionedTable
  readonly day: string
  readonly rows: number | null
  readonly bytes: number | null
  readonly repairOverdue?: boolean
}): Omit<PrunedDay, 'outcome'> {
  const { table, rows, bytes, repairOverdue } = day
  const overdue = repairOverdue === undefined ? {} : { repairOverdue }
  return { table, day: day.day, rows, bytes, ...overdue }
}

function policiesOf(
  config: Config,
  { table, olderThanMs }: PruneSelection,
): readonly { readonly table: PartitionedTable; readonly olderThanMs: number }[] {
  if (olderThanMs !== undefined && table === undefined) {
    throw new CommandError(EXIT.usage, 'TABLE_NEEDED', '--older-than needs --table')
  }
  const tables = table === undefined ? PARTITIONED_TABLES : [table]
  const configured = retentionOf(config)
  const policies = tables.flatMap((name) => {
    const limit = olderThanMs ?? configured[name]
    return limit === null ? [] : [{ table: name, olderThanMs: limit }]
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

/** A line for each day. */
export function prunedLines(days: readonly PrunedDay[]): string[] {
  return days.map(({ table, day, outcome, rows, bytes, repairOverdue, reason }) => {
    const held = bytes === null ? '' : `, ${rows ?? 'unknown'} rows, ${size(bytes)}`
    const overdue = repairOverdue ? ', with gaps that were never filled' : ''
    return `${outcome.padEnd(9)} ${table} ${day}${held}${overdue}${reason === undefined ? '' : `: ${reason}`}`
  })
}

/** A line for each removed day. */
export function removedLines(days: readonly RemovedDay[]): string[] {
  return days.map(({ removedAt, requestedBy, ...day }) => {
    const [line] = prunedLines([{ ...day, outcome: 'removed' }])
    return `${line}, ${new Date(removedAt).toISOString()} by ${requestedBy}`
  })
}

function size(bytes: number): string {
  const mebibytes = bytes / 2 ** 20
  return mebibytes < 10 ? `${(bytes / 1024).toFixed(0)} KiB` : `${mebibytes.toFixed(0)} MiB`
}

import { durationText } from '@grid/core-events'
import type { GridDatabase } from '@grid/db'
import { type Kysely, sql } from 'kysely'
import type { Config } from '../config/config.ts'
import { type Finding, problem, well } from './finding.ts'

/** Says what becomes of commits that the server loses again: in a crash of its own, or in a failover. */
export async function examineFailover(
  db: Kysely<GridDatabase>,
  { journal, journalRetention }: Pick<Config, 'journal' | 'journalRetention'>,
): Promise<Finding> {
  const { rows } = await sql<{ is_off: boolean; replicas: number }>`
    select current_setting('synchronous_commit') = 'off' as is_off,
      (select count(*)::integer from pg_stat_replication) as replicas`.execute(db)
  const { is_off: isOff, replicas } = rows[0] ?? { is_off: false, replicas: 0 }
  const lost = 'synchronous_commit is off, so a crash of the server takes its last commits back'
  if (journal === 'disk' && journalRetention > 0) {
    const healed = `the journal keeps stored frames for ${durationText(journalRetention)}, and stores again what the database loses within that`
    return well('JOURNAL', isOff ? `${lost}; ${healed}` : healed)
  }
  const none =
    journal === 'disk'
      ? 'EVENTSAVER_JOURNAL_RETENTION is 0, so the journal removes what is stored'
      : 'EVENTSAVER_JOURNAL is memory, so nothing keeps what is stored'
  const fix =
    journal === 'disk' ? 'set EVENTSAVER_JOURNAL_RETENTION=1h' : 'set EVENTSAVER_JOURNAL=disk'
  if (isOff) {
    const mending = `${fix}, or synchronous_commit = on for this login`
    return problem('JOURNAL', `${lost}, and ${none}: they are lost`, mending)
  }
  const cost = `${none}: what a replica lacks when it takes over, or a backup when it is restored, is lost`
  if (replicas === 0) return well('JOURNAL', cost)
  const following = replicas === 1 ? 'a replica follows' : `${replicas} replicas follow`
  return problem('JOURNAL', `${cost}, and ${following} this server`, fix)
}

import {
  classifyDatabaseError,
  type DatabaseInspection,
  type GridDatabase,
  OperatorRepository,
  type RehearsalFault,
  type RehearsalStep,
  rehearseCapture,
} from '@grid/db'
import { type Kysely, sql } from 'kysely'
import type { Config } from '../config/config.ts'
import { reasonOf } from '../log/reason.ts'
import { mendingOf } from '../storage/database-fault.ts'
import { type Finding, problem, well } from './finding.ts'

const LOCK_NOT_AVAILABLE = '55P03'
const NO_ROOM = '53100'

const WHAT: Readonly<Record<RehearsalStep, string>> = {
  migrate: 'the tables cannot be made',
  partition: 'the partition of a day cannot be made',
  insert: 'a row cannot be inserted',
  disk: 'the server has no room for new rows',
  commit: 'the server cannot commit',
}

/** Does what a capture would do in the database, takes it back, and says what was refused. */
export async function rehearse(
  db: Kysely<GridDatabase>,
  config: Config,
  { schemaVersion, pending }: DatabaseInspection,
): Promise<Finding> {
  if (schemaVersion > 0 && pending.length > 0) {
    return well('TRIAL', 'cannot see whether it can be written: migrations are pending')
  }
  const { channels, environmentStamp: environment } = config
  const accounts = schemaVersion > 0 && (await hasAccounts(db))
  const fault = await rehearseCapture(db, { channels, accounts, environment })
  if (fault === null) {
    const detail =
      'a trial of what a capture writes succeeded and was taken back; cannot see how much room the server’s disk has left'
    return well('TRIAL', detail)
  }
  return findingOf(fault)
}

function findingOf({ step, table, error }: RehearsalFault): Finding {
  const { code } = error as { readonly code?: unknown }
  if (code === LOCK_NOT_AVAILABLE) {
    const detail = 'cannot see whether it can be written: others hold locks; try again later'
    return well('TRIAL', detail)
  }
  const detail = `${WHAT[step]}${table === null ? '' : ` (${table})`}: ${reasonOf(error)}`
  if (code === NO_ROOM) return problem('TRIAL', detail, 'free space on the server’s disk')
  const isAway = classifyDatabaseError(error) === 'transient'
  const fix = isAway ? 'try again once the server is well' : 'let this login do so at the server'
  return problem('TRIAL', detail, mendingOf(error) || fix)
}

/** Whether accounts are captured. Where row security hides them, another finding says so. */
async function hasAccounts(db: Kysely<GridDatabase>): Promise<boolean> {
  const users = await new OperatorRepository(db).listUsers({ limit: 1 })
  if (users.length === 0) return false
  const { rows } = await sql<{ any: boolean }>`
    select exists (select from bybit_accounts where status = 'enabled') as any`.execute(db)
  return rows[0]?.any === true
}

import { type Clock, sleep } from '@grid/core-events'
import {
  assertWritable,
  classifyDatabaseError,
  createDatabase,
  type GridDatabase,
  inspectDatabase,
  migrate,
  redactDatabaseUrl,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { isWorthALine, type Logger } from '../log/log.ts'
import { fullJitter } from '../pipeline/backoff.ts'

const RETRY = { baseMs: 500, capMs: 30_000 }

/**
 * What trying again cannot mend: the server says that role, password, database or privileges are
 * wrong, the folder cannot be written, or the database is not one that this version may write.
 */
const CONFIGURATION_FAULTS = new Set([
  '28000',
  '28P01',
  '3D000',
  '42501',
  'DATABASE_MISSING',
  'DATABASE_URL_INVALID',
  'DRIVER_MISSING',
  'EACCES',
  'ENOTDIR',
  'ENVIRONMENT_MISMATCH',
  'EPERM',
  'EROFS',
  'NOT_MIGRATED',
  'SCHEMA_TOO_NEW',
  'SERVER_TOO_OLD',
  'TENANTS_HIDDEN',
])

/** What preparing a database needs. */
export interface PrepareOptions {
  readonly db: Kysely<GridDatabase>
  readonly config: Pick<Config, 'migrate' | 'environmentStamp' | 'databaseUrl'>
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** End with exit code 75 instead of trying again while the database is away. */
  readonly exitOnDbError: boolean
}

/**
 * Makes the database ready to be written: migrated or checked, and of the right environment.
 *
 * Tries again while the database is away; false when the signal ended the wait. Throws a
 * `CommandError` with exit code 75 or 78 for what trying again cannot mend.
 */
export async function prepareDatabase(options: PrepareOptions): Promise<boolean> {
  const { clock, log, signal } = options
  for (let failures = 0; !signal.aborted; ) {
    try {
      await prepareOnce(options)
      if (failures > 0) log.info({ failures }, 'the database answers again')
      return true
    } catch (error) {
      const { config, exitOnDbError } = options
      const final = databaseFault(error, config)
      if (final !== null) throw final
      if (exitOnDbError) throw unreachable(error, config)
      failures += 1
      if (isWorthALine(failures)) {
        log.warn(
          { code: 'DATABASE_UNREACHABLE', failures, reason: reasonOf(error) },
          `cannot reach ${redactDatabaseUrl(options.config.databaseUrl)}: ${reasonOf(error)}; events wait in memory, trying again`,
        )
      }
      await sleep(clock, fullJitter(failures, RETRY), signal)
    }
  }
  return false
}

async function prepareOnce({ db, config, log }: PrepareOptions): Promise<void> {
  const environment = config.environmentStamp
  if (config.migrate === 'auto') {
    const { applied, warnings } = await migrate(db, { environment })
    if (applied.length > 0) log.info({ applied }, 'database migrated')
    for (const warning of warnings) log.info({ code: 'DATABASE_ROLES' }, warning)
    return
  }
  const { pending } = await inspectDatabase(db)
  if (pending.length > 0) {
    throw new CommandError(
      EXIT.configuration,
      'MIGRATIONS_PENDING',
      `migrations are pending: ${pending.join(', ')}; run event-saver migrate, or set EVENTSAVER_MIGRATE=auto`,
    )
  }
  await assertWritable(db, { environment })
}

/**
 * A database for what takes its time, beside the one for capture: without a statement timeout, and
 * with one connection to watch the other. The embedded one can be opened only once.
 */
export function maintenanceDatabase(
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
  embedded: Kysely<GridDatabase>,
): Kysely<GridDatabase> {
  if (databaseUrl.startsWith('pglite:')) return embedded
  return createDatabase({
    url: databaseUrl,
    applicationName: 'event-saver maintenance',
    poolSize: 2,
    statementTimeoutMs: 0,
  })
}

/** What an error of the database means for a command; null when trying again may mend it. */
export function databaseFault(
  error: unknown,
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
): CommandError | null {
  if (error instanceof CommandError) return error
  const code = codeOf(error)
  const reason = reasonOf(error)
  const url = redactDatabaseUrl(databaseUrl)
  if (code === 'DATABASE_LOCKED') return new CommandError(EXIT.tryAgain, code, reason)
  if (CONFIGURATION_FAULTS.has(code) || isRefusedBySchema(error, code)) {
    const message = `EVENTSAVER_DATABASE_URL ${url}: ${reason}`
    return new CommandError(EXIT.configuration, code, message, { cause: error })
  }
  return null
}

/** Ends a command that does not wait for the database. */
export function unreachable(
  error: unknown,
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
): CommandError {
  const message = `cannot reach ${redactDatabaseUrl(databaseUrl)}: ${reasonOf(error)}`
  return new CommandError(EXIT.tryAgain, 'DATABASE_UNREACHABLE', message, { cause: error })
}

/** The server refuses a statement for what the database is; a read-only standby may be promoted. */
function isRefusedBySchema(error: unknown, code: string): boolean {
  const isSqlState = /^[0-9A-Z]{5}$/.test(code)
  return isSqlState && code !== '25006' && classifyDatabaseError(error) === 'fatal'
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** What an error says; Node reports a refused connection to several addresses with an empty text. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}

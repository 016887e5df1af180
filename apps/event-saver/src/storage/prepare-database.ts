import { type Clock, retry } from '@grid/core-events'
import { assertWritable, type GridDatabase, migrate, redactDatabaseUrl } from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'
import { assertMayWrite } from './assert-may-write.ts'
import { databaseFault, unreachable } from './database-fault.ts'

const BACKOFF = { baseMs: 500, capMs: 30_000 }

/** What preparing a database needs. */
export interface PrepareOptions {
  readonly db: Kysely<GridDatabase>
  readonly config: Pick<Config, 'channels' | 'migrate' | 'environmentStamp' | 'databaseUrl'>
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** End with exit code 75 instead of trying again while the database is away. */
  readonly exitOnDbError: boolean
  /** Claims the collector's name once the database may be written. */
  readonly claim?: () => Promise<void>
  /** Told once the database was found to be away. */
  readonly onAway?: () => void
}

/**
 * Migrates the database, or checks that it is migrated, checks its environment, and claims the
 * collector's name.
 *
 * Tries again while the database is away; false when the signal ended the wait. Throws a
 * `CommandError` with exit code 75 or 78 for what trying again cannot mend.
 */
export async function prepareDatabase(options: PrepareOptions): Promise<boolean> {
  const { clock, config, exitOnDbError, log, signal } = options
  let failures = 0
  const told = new Set<string>()
  try {
    await retry(
      async () => {
        await prepareOnce(options, told)
        await options.claim?.()
      },
      {
        clock,
        backoff: BACKOFF,
        signal,
        isRetryable: (error) => !exitOnDbError && databaseFault(error, config) === null,
        onRetry: (error, inARow) => {
          if (inARow > 0) options.onAway?.()
          if (inARow === 0) log.info({ failures }, 'the database answers again')
          else if (isWorthALine(inARow)) warnUnreachable(log, config, error, inARow)
          failures = inARow
        },
      },
    )
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw databaseFault(error, config) ?? unreachable(error, config)
  }
}

function warnUnreachable(
  log: Logger,
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
  error: unknown,
  failures: number,
): void {
  const reason = reasonOf(error)
  log[levelOf(failures)](
    { code: 'DATABASE_UNREACHABLE', failures, reason },
    `cannot reach ${redactDatabaseUrl(databaseUrl)}: ${reason}; what arrives waits, trying again`,
  )
}

async function prepareOnce({ db, config, log }: PrepareOptions, told: Set<string>): Promise<void> {
  const environment = config.environmentStamp
  await assertMayWrite(db, config)
  if (config.migrate === 'auto') {
    const { applied, warnings } = await migrate(db, {
      environment,
      onWait: (pids) =>
        log.info(
          { code: 'MIGRATION_WAITS', pids },
          'other sessions of the server are changing the schema: waiting for them',
        ),
    })
    if (applied.length > 0) log.info({ applied }, 'database migrated')
    for (const warning of warnings) {
      // Attempts may be many.
      if (!told.has(warning)) log.info({ code: 'DATABASE_ROLES' }, warning)
      told.add(warning)
    }
    return
  }
  try {
    await assertWritable(db, { environment })
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code !== 'NOT_MIGRATED') throw error
    throw new CommandError(
      EXIT.configuration,
      'MIGRATIONS_PENDING',
      `${message}; run event-saver migrate, or set EVENTSAVER_MIGRATE=auto`,
    )
  }
}

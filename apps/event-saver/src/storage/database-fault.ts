import { classifyDatabaseError, redactDatabaseUrl } from '@grid/db'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { reasonOf } from '../log/reason.ts'

const MEND_LOGIN =
  'correct user, password and database in the URL, or let this login in at the server'
const MEND_RIGHTS = 'grant the privilege, or name the login that has it'
const MEND_FOLDER =
  'name a folder that this user can write, with EVENTSAVER_DATA_DIR or EVENTSAVER_DATABASE_URL'
const UPGRADE = 'upgrade event-saver'

/**
 * Errors that the operator has to mend, because trying again cannot, and how: the role, password, database
 * or privileges are wrong, TLS fails, the folder cannot be written, or this version may not write the
 * database. Empty where the error's own message says how.
 */
const CONFIGURATION_FAULTS: ReadonlyMap<string, string> = new Map([
  ['28000', MEND_LOGIN],
  ['28P01', MEND_LOGIN],
  ['3D000', 'create the database, or correct its name in the URL'],
  ['3F000', 'correct search_path in the URL or of the login, or make the schema that it names'],
  ['42501', MEND_RIGHTS],
  ['42704', 'correct options in the URL, or the variable PGOPTIONS'],
  ['CERTIFICATE_REFUSED', ''],
  ['DATABASE_MISSING', 'name the database that a saver has made, or start one first'],
  ['DATABASE_URL_INVALID', ''],
  ['DIRECTORY_UNUSABLE', MEND_FOLDER],
  ['DRIVER_MISSING', ''],
  ['EACCES', MEND_FOLDER],
  ['ENOTDIR', MEND_FOLDER],
  ['ENCODING_UNSUPPORTED', ''],
  ['ENVIRONMENT_MISMATCH', 'name another database: environments never mix'],
  ['EPERM', MEND_FOLDER],
  ['EROFS', MEND_FOLDER],
  ['LOGIN_REFUSED', ''],
  ['NOT_MIGRATED', 'run event-saver migrate'],
  ['NOT_OWNER', ''],
  ['SCHEMA_TOO_NEW', UPGRADE],
  ['SERVER_TOO_OLD', 'upgrade the server'],
  ['TENANTS_HIDDEN', ''],
  ['TLS_UNAVAILABLE', ''],
])

/** How to mend an error that trying again cannot; empty when its message says it, null for other errors. */
export function mendingOf(error: unknown): string | null {
  return CONFIGURATION_FAULTS.get(codeOf(error)) ?? null
}

/** The error that ends a command after an error of the database; null when trying again may help. */
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
    const fix = mendingOf(error)
    const message = `EVENTSAVER_DATABASE_URL ${url}: ${reason}${fix === null || fix === '' ? '' : `; ${fix}`}`
    return new CommandError(EXIT.configuration, code, message, { cause: error })
  }
  return null
}

/** The error that ends a command which does not wait for a database that is away. */
export function unreachable(
  error: unknown,
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
): CommandError {
  const message = `cannot reach ${redactDatabaseUrl(databaseUrl)}: ${reasonOf(error)}`
  return new CommandError(EXIT.tryAgain, 'DATABASE_UNREACHABLE', message, { cause: error })
}

/** Whether the server refuses a statement because of what the database is. */
function isRefusedBySchema(error: unknown, code: string): boolean {
  const isSqlState = /^[0-9A-Z]{5}$/.test(code)
  return isSqlState && classifyDatabaseError(error) === 'fatal'
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

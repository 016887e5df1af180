import { classifyDatabaseError, redactDatabaseUrl } from '@grid/db'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { reasonOf } from '../log/reason.ts'

/**
 * Codes of errors that the operator has to mend, because trying again cannot: the role, password,
 * database or privileges are wrong, the folder cannot be written, or this version may not write the
 * database.
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
  'ENCODING_UNSUPPORTED',
  'ENVIRONMENT_MISMATCH',
  'EPERM',
  'EROFS',
  'NOT_MIGRATED',
  'SCHEMA_TOO_NEW',
  'SERVER_TOO_OLD',
  'TENANTS_HIDDEN',
])

/** SQLSTATE of a write in a read-only transaction. */
const READ_ONLY = '25006'

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
    const message = `EVENTSAVER_DATABASE_URL ${url}: ${reason}`
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

/**
 * Whether the server refuses a statement because of what the database is. A read-only server is not
 * meant: a standby may be promoted.
 */
function isRefusedBySchema(error: unknown, code: string): boolean {
  const isSqlState = /^[0-9A-Z]{5}$/.test(code)
  return isSqlState && code !== READ_ONLY && classifyDatabaseError(error) === 'fatal'
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/**
 * The stable codes of this package's own errors.
 *
 * | code | meaning | retryable |
 * |---|---|---|
 * | `DAY_HAS_GROWN` | rows of a day came while it was rewritten | no |
 * | `DAY_READS_DIFFERENTLY` | the rewritten rows of a day do not read as before; it was left as it was | no |
 * | `COUNTS_DISAGREE` | more rows were inserted or conflict than were sent: a trigger or rule changes them | no |
 * | `DATABASE_URL_INVALID` | the URL has none of the accepted forms, or names a certificate that cannot be read | no |
 * | `CERTIFICATE_REFUSED` | the certificate of the server, or that of the client, is not accepted | no |
 * | `TLS_UNAVAILABLE` | the server offers no TLS, or none that both understand | no |
 * | `LOGIN_REFUSED` | the server or a pooler refuses the login: no password is given, no such user or database | no |
 * | `DIRECTORY_UNUSABLE` | the PGlite directory cannot be made or written | no |
 * | `DRIVER_MISSING` | the driver's npm package is not installed | no |
 * | `DATABASE_MISSING` | there is no PGlite database in the directory to read | no |
 * | `DATABASE_LOCKED` | another process, or this one, has the PGlite directory open | yes |
 * | `ROW_SWALLOWED` | an insert without error left a row unstored: a trigger or rule dropped it | no |
 * | `SERVER_SILENT` | the server did not answer a statement; its connection was closed | yes |
 * | `SERVER_TOO_OLD` | PostgreSQL is older than 15 | no |
 * | `ENCODING_UNSUPPORTED` | the database's encoding is not UTF8, so that it cannot hold every text | no |
 * | `NOT_MIGRATED` | migrations are pending; `pending` names them | no |
 * | `ENVIRONMENT_MISMATCH` | the database belongs to another environment | no |
 * | `SCHEMA_TOO_NEW` | a newer package migrated the database past what this one may use | no |
 * | `TIME_OUT_OF_RANGE` | a row's exchange time is before 2019 or after tomorrow | no |
 * | `NOT_ENCODABLE` | the database cannot hold a row's value, or the batch is too large | no |
 * | `PARTITION_MISSING` | a day's partition was removed while it was inserted into | yes |
 * | `PARTITION_LEAVING` | the day's partition is being removed, and is not gone yet | yes |
 * | `PARTITION_NAME_TAKEN` | a table that is no partition, or has no unique index, has the partition's name | no |
 * | `RETENTION_TOO_SHORT` | a retention of less than one day | no |
 * | `NOT_OWNER` | rows are to be deleted by a login that does not own the tables | no |
 * | `NOT_FOUND` | there is no such user, account, strategy or run, or it is another tenant's | no |
 * | `ALREADY_EXISTS` | a user, account or strategy has this name or id | no |
 * | `ENCRYPTION_KEYS_MISSING` | a secret is to be read or written, and no keys were given | no |
 * | `ENCRYPTION_KEYS_INVALID` | the text of the keys is not `id:base64,…` with keys of 32 bytes | no |
 * | `ENCRYPTION_KEY_UNKNOWN` | a secret is encrypted with a key that was not given | no |
 * | `SECRET_UNREADABLE` | the key is wrong, or the ciphertext was changed or belongs to another row | no |
 * | `TENANTS_HIDDEN` | row security would hide other users from a query for all users | no |
 */
export type DatabaseErrorCode =
  | 'COUNTS_DISAGREE'
  | 'DAY_HAS_GROWN'
  | 'DAY_READS_DIFFERENTLY'
  | 'DATABASE_URL_INVALID'
  | 'CERTIFICATE_REFUSED'
  | 'TLS_UNAVAILABLE'
  | 'LOGIN_REFUSED'
  | 'DIRECTORY_UNUSABLE'
  | 'DRIVER_MISSING'
  | 'DATABASE_MISSING'
  | 'DATABASE_LOCKED'
  | 'ROW_SWALLOWED'
  | 'SERVER_SILENT'
  | 'SERVER_TOO_OLD'
  | 'ENCODING_UNSUPPORTED'
  | 'NOT_MIGRATED'
  | 'ENVIRONMENT_MISMATCH'
  | 'SCHEMA_TOO_NEW'
  | 'TIME_OUT_OF_RANGE'
  | 'NOT_ENCODABLE'
  | 'PARTITION_MISSING'
  | 'PARTITION_LEAVING'
  | 'PARTITION_NAME_TAKEN'
  | 'RETENTION_TOO_SHORT'
  | 'NOT_OWNER'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'ENCRYPTION_KEYS_MISSING'
  | 'ENCRYPTION_KEYS_INVALID'
  | 'ENCRYPTION_KEY_UNKNOWN'
  | 'SECRET_UNREADABLE'
  | 'TENANTS_HIDDEN'

const RETRYABLE: ReadonlySet<DatabaseErrorCode> = new Set([
  'DATABASE_LOCKED',
  'PARTITION_LEAVING',
  'PARTITION_MISSING',
  'SERVER_SILENT',
])

/** The values that an error's message names, for programs. */
export type DatabaseErrorContext = Readonly<
  Record<string, string | number | null | readonly string[]>
>

/**
 * The one error class of this package. Recognise an error by `code`, never by `instanceof`.
 *
 * Errors of the server and of the driver are passed on unchanged: see `classifyDatabaseError`.
 *
 * @example
 * try { await migrate(db) } catch (error) { if ((error as DatabaseError).code === 'SCHEMA_TOO_NEW') upgrade() }
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: DatabaseErrorCode
  /** Whether the same call may succeed later, without anybody doing anything. */
  readonly retryable: boolean
  /** The values that the message names. */
  readonly context: DatabaseErrorContext

  constructor(
    code: DatabaseErrorCode,
    message: string,
    options: { cause?: unknown; context?: DatabaseErrorContext } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.retryable = RETRYABLE.has(code)
    this.context = options.context ?? {}
  }
}

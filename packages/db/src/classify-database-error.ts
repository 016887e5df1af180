/**
 * What to do about a database error: `transient`: try again; `poison`: a row is at fault, find it by
 * halving the batch; `fatal`: an operator must act, try again slowly.
 */
export type DatabaseErrorClass = 'transient' | 'poison' | 'fatal'

/**
 * Whole SQLSTATEs, or their class of two characters; a whole one wins. All others are fatal, such as
 * missing tables (42P01), privileges (42501) and wrong passwords (28P01).
 */
const SQLSTATES: Readonly<Record<string, DatabaseErrorClass>> = {
  '08': 'transient', // connection exceptions
  '40': 'transient', // rolled back: serialization failure, deadlock, unknown completion
  '53': 'transient', // out of memory, disk or connections
  '54': 'poison', // a value too large for an index or a row
  '55006': 'transient', // object in use
  '55P03': 'transient', // lock_timeout
  '57014': 'transient', // statement_timeout, or cancelled
  '57P01': 'transient', // server shuts down, or backend terminated
  '57P02': 'transient', // server crashed
  '57P03': 'transient', // server starts
  '57P05': 'transient', // idle session timeout
  '25006': 'transient', // read-only: a standby that may be promoted, or a failover under way
  '25P03': 'transient', // idle-in-transaction timeout
  '25P04': 'transient', // transaction timeout
  '58': 'transient', // input and output errors of the server's machine
  XX000: 'transient', // internal errors: poolers say so of backends that are down, and of everything that passes
  '22': 'poison', // a value that its type cannot hold, NUL in a text
  '23': 'poison', // not null, check, unique, foreign key
}

/** Codes of this package and of Node's sockets. */
const CODES: Readonly<Record<string, DatabaseErrorClass>> = {
  TIME_OUT_OF_RANGE: 'poison',
  NOT_ENCODABLE: 'poison',
  ROW_SWALLOWED: 'poison',
  DATABASE_LOCKED: 'transient',
  PARTITION_LEAVING: 'transient',
  PARTITION_MISSING: 'transient',
  SERVER_SILENT: 'transient',
  ECONNREFUSED: 'transient',
  ECONNRESET: 'transient',
  ECONNABORTED: 'transient',
  EPIPE: 'transient',
  ETIMEDOUT: 'transient',
  EHOSTUNREACH: 'transient',
  EHOSTDOWN: 'transient',
  ENETUNREACH: 'transient',
  ENETDOWN: 'transient',
  ENOTFOUND: 'transient',
  EAI_AGAIN: 'transient',
  ENOENT: 'transient', // the server's Unix socket is not there yet
  ENETRESET: 'transient',
  ENOTCONN: 'transient',
  ERR_STREAM_DESTROYED: 'transient', // the socket broke before the statement was written
  ERR_STREAM_WRITE_AFTER_END: 'transient',
  EADDRNOTAVAIL: 'transient', // no port, descriptor or memory is left on this machine
  EMFILE: 'transient',
  ENFILE: 'transient',
  ENOBUFS: 'transient',
  ENOMEM: 'transient',
  ENOSPC: 'transient', // the disk of an embedded database is full
  EDQUOT: 'transient',
}

/** Broken connections for which pg gives a message and no code. */
const PG_CONNECTION_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Connection ended unexpectedly|Client was closed|There was an error establishing an SSL connection)/i

const SQLSTATE = /^[0-9A-Z]{5}$/

/** System calls that reach for a server. */
const REACHING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo'])

/** What the system says of an address, or of a socket's path, that nobody can connect to until somebody mends it. */
const NO_ADDRESS: ReadonlySet<unknown> = new Set(
  'EACCES EAFNOSUPPORT EINVAL ELOOP ENAMETOOLONG ENOTDIR EPERM EPROTOTYPE'.split(' '),
)

/** Whether nobody can connect to the address of a server until somebody mends it. */
export function isAddressUnusable(error: unknown): boolean {
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown }
  return syscall === 'connect' && NO_ADDRESS.has(code)
}

/**
 * Whether a server was not reached: whatever the system says then passes, such as a full queue of a socket (EAGAIN) or a
 * server of names that refuses (EAI_FAIL), but for an address that is none.
 */
function isNotReached(error: object): boolean {
  const { syscall } = error as { readonly syscall?: unknown }
  if (REACHING.has(syscall)) return !isAddressUnusable(error)
  // Of several addresses of a server one is enough.
  return error instanceof AggregateError && error.errors.some(isTransient)
}

function isTransient(error: unknown): boolean {
  return classifyDatabaseError(error) === 'transient'
}

/**
 * Says what to do about an error, by its code, SQLSTATE or cause.
 *
 * | class | errors |
 * |---|---|
 * | `transient` | whatever keeps a server from being reached, sockets and connections (08, 57P0x), read-only (25006), 40 (deadlock, serialization), 53 (resources), 55P03, 57014, 58, XX000, a machine without ports, descriptors or disk, `DATABASE_LOCKED`, `PARTITION_LEAVING`, `PARTITION_MISSING` |
 * | `poison` | 22, 23 and 54 (values and constraints), `TIME_OUT_OF_RANGE`, `NOT_ENCODABLE`, `ROW_SWALLOWED` |
 * | `fatal` | everything else |
 *
 * @example
 * if (classifyDatabaseError(error) === 'transient') await retryLater()
 */
export function classifyDatabaseError(error: unknown): DatabaseErrorClass {
  if (typeof error !== 'object' || error === null) return 'fatal'
  if (isNotReached(error)) return 'transient'
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown }
  const known = typeof code === 'string' ? classifyCode(code) : undefined
  if (known !== undefined) return known
  if (typeof message === 'string' && PG_CONNECTION_MESSAGES.test(message)) return 'transient'
  return typeof code === 'string' ? 'fatal' : classifyDatabaseError(cause)
}

function classifyCode(code: string): DatabaseErrorClass | undefined {
  if (Object.hasOwn(CODES, code)) return CODES[code]
  if (!SQLSTATE.test(code)) return undefined
  return SQLSTATES[code] ?? SQLSTATES[code.slice(0, 2)]
}

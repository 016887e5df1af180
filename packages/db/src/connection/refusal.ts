import { isAddressUnusable } from '../classify-database-error.ts'
import { DatabaseError } from '../errors.ts'

/** What OpenSSL says of certificates that it does not accept, as Node's error codes. */
const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)|CERTIFICATE|UNKNOWN_CA/

const TLS = /^ERR_(SSL|TLS)_/

/** What the driver says, without a code, of answers that are none, and of a way to log in or to encrypt that it does not have. */
const PROTOCOL =
  /^(Unknown authenticationOk message type|received invalid response|Invalid sslnegotiation|sslnegotiation=direct requires)/

/** The codes with which poolers refuse a login. They have them for passing faults too. */
const POOLER_CODES: ReadonlySet<string> = new Set(['08P01', 'XX000'])
/** What they say then, PgBouncer with the first and Supavisor with the second. */
const POOLER =
  /^(no such (database|user)|unsupported startup parameter|(password|SASL|certificate) authentication failed|not allowed|login rejected|(SSL|TLS) required|bouncer config error|tenant or user not found|(\(\w+\) )?(tenant\/user|no tenant)|SSL connection is required|address not in tenant)/i

/**
 * The error of this package for a refusal of a login that trying again cannot mend, where the driver gives
 * it no code of its own; null for all other errors.
 */
export function refusalOf(cause: unknown): DatabaseError | null {
  if (!(cause instanceof Error)) return null
  const { message } = cause
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  if (CERTIFICATE.test(code)) {
    return new DatabaseError(
      'CERTIFICATE_REFUSED',
      `a certificate is not accepted (${message}): name the authority of the server's with ` +
        'sslrootcert=<file>, or do not verify it with sslmode=no-verify',
      { cause },
    )
  }
  if (message === 'The server does not support SSL connections') {
    return new DatabaseError(
      'TLS_UNAVAILABLE',
      'the server offers no TLS: turn it on there, or do without it with sslmode=disable',
      { cause },
    )
  }
  if (TLS.test(code) || (code === 'EPROTO' && /SSL|TLS/.test(message))) {
    return new DatabaseError(
      'TLS_UNAVAILABLE',
      `TLS with the server fails (${message}): correct host and port, or turn TLS on there`,
      { cause },
    )
  }
  if (/client password must be a (non-empty )?string/.test(message)) {
    const text = 'the server asks for a password and none is given: put it into the URL'
    return new DatabaseError('LOGIN_REFUSED', text, { cause })
  }
  if (PROTOCOL.test(message)) {
    return new DatabaseError(
      'LOGIN_REFUSED',
      `this is no server of PostgreSQL, or it asks for a login that the driver does not have (${message}): ` +
        'correct host and port, or let the login in with a password',
      { cause },
    )
  }
  if (message.startsWith('SASL: ') || (POOLER_CODES.has(code) && POOLER.test(message))) {
    return new DatabaseError('LOGIN_REFUSED', `the login is refused: ${message}`, { cause })
  }
  // Such as a socket whose folder is a file, or that this user may not write. Without this, the same codes would
  // speak of the folder of an embedded database.
  if (isAddressUnusable(cause)) {
    return new DatabaseError(
      'DATABASE_URL_INVALID',
      `this user cannot connect to such an address (${message}): correct the host or the folder of the socket, or let the user write to the socket`,
      { cause },
    )
  }
  // A value of a parameter that the server cannot read, such as one in `options`.
  if (/^22[0-9A-Z]{3}$/.test(code)) {
    return new DatabaseError('LOGIN_REFUSED', `the connection is refused: ${message}`, { cause })
  }
  return null
}

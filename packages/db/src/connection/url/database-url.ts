import { DatabaseError } from '../../errors.ts'
import { isShown, type PostgresUrl, readPostgresUrl, type UrlFault } from './postgres-url.ts'
import { readTls } from './tls-options.ts'

/** A parsed database URL. */
export type DatabaseLocation =
  | { readonly kind: 'postgres'; readonly url: PostgresUrl }
  | { readonly kind: 'pglite'; readonly directory: string }
  | { readonly kind: 'pglite-memory' }

const POSTGRES = /^postgres(ql)?:\/\//i
const PGLITE = /^pglite:/i

/**
 * Reads a database URL; throws `DATABASE_URL_INVALID`, which never shows a password. Reads the files of
 * certificates that it names, and asks no network.
 */
export function parseDatabaseUrl(url: string): DatabaseLocation {
  if (PGLITE.test(url)) return parsePGliteUrl(url)
  if (!POSTGRES.test(url)) {
    throw invalid(
      url,
      'is not one of postgres://user@host/database, postgresql://…, pglite:<directory>, pglite::memory:',
    )
  }
  const parts = readPostgresUrl(url)
  if ('fault' in parts) throw invalid(url, parts.fault)
  const tls = readTls(parts.parameters)
  if (isFault(tls)) throw invalid(url, tls.fault)
  return { kind: 'postgres', url: parts }
}

/**
 * Checks a database URL in the form in which `createDatabase` uses it, without network: parts, escapes,
 * parameters, and the files of certificates.
 *
 * Throws `DATABASE_URL_INVALID`, which says what is wrong and never shows a password.
 *
 * @example
 * checkDatabaseUrl('postgres://me@host:543x/db') // throws: … has a port that is no number …
 */
export function checkDatabaseUrl(url: string): void {
  parseDatabaseUrl(url)
}

function parsePGliteUrl(url: string): DatabaseLocation {
  const path = url.slice('pglite:'.length)
  if (path === ':memory:') return { kind: 'pglite-memory' }
  if (path === '') throw invalid(url, 'names no directory: write pglite:<directory>')
  if (isHidden(path)) {
    throw invalid(url, 'names no directory: write pglite:./data or pglite:/srv/data')
  }
  return { kind: 'pglite', directory: path }
}

/** Whether a path looks like the rest of another URL, which may hold a password, or is no line. */
function isHidden(path: string): boolean {
  return /^\/\/|:\/\/|\p{Cc}/u.test(path)
}

function invalid(url: string, fault: string): DatabaseError {
  return new DatabaseError(
    'DATABASE_URL_INVALID',
    `database URL ${redactDatabaseUrl(url)} ${fault}`,
  )
}

function isFault(value: unknown): value is UrlFault {
  return typeof value === 'object' && value !== null && 'fault' in value
}

/**
 * Makes a database URL fit to print: only parts that hold no secret are shown, all others become `***`.
 * Of a URL that cannot be read nothing is shown but its scheme, because a part of the password may stand
 * in any place.
 *
 * @example
 * redactDatabaseUrl('postgres://me:secret@host/db') // 'postgres://me:***@host/db'
 */
export function redactDatabaseUrl(url: string): string {
  if (PGLITE.test(url)) return isHidden(url.slice('pglite:'.length)) ? 'pglite:***' : url
  const [scheme] = POSTGRES.exec(url) ?? []
  if (scheme === undefined) return '***'
  if ('fault' in readPostgresUrl(url)) return `${scheme}***`
  const rest = url.slice(scheme.length)
  const [authority = ''] = /^[^/?]*/.exec(rest) ?? []
  const at = authority.lastIndexOf('@')
  const [user = ''] = authority.slice(0, at + 1).split(/[:@]/, 1)
  const hasPassword = authority.slice(0, at).includes(':')
  const userInfo = at < 0 ? '' : `${user}${hasPassword ? ':***' : ''}@`
  const tail = rest.slice(authority.length)
  return `${scheme}${userInfo}${authority.slice(at + 1)}${redactQuery(tail)}`
}

function redactQuery(tail: string): string {
  return tail.replace(/([?&])([^=&]*)=([^&]*)/g, (whole, mark: string, name: string) =>
    isShown(name) ? whole : `${mark}${name}=***`,
  )
}

import { DatabaseError } from '../errors.ts'

/** A parsed database URL. */
export type DatabaseLocation =
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'pglite'; readonly directory: string }
  | { readonly kind: 'pglite-memory' }

const POSTGRES = /^postgres(ql)?:\/\//i
const PGLITE = /^pglite:/i

/** Reads a database URL; throws `DATABASE_URL_INVALID`, which never shows a password. */
export function parseDatabaseUrl(url: string): DatabaseLocation {
  if (POSTGRES.test(url)) return { kind: 'postgres', url }
  const path = PGLITE.test(url) ? url.slice('pglite:'.length) : ''
  if (path === ':memory:') return { kind: 'pglite-memory' }
  if (path !== '') return { kind: 'pglite', directory: path }
  throw new DatabaseError(
    'DATABASE_URL_INVALID',
    `database URL ${redactDatabaseUrl(url)} is not one of postgres://user@host/database, ` +
      'postgresql://…, pglite:<directory>, pglite::memory:',
  )
}

/**
 * Makes a database URL fit to print: a password in any place becomes `***`. Parts that cannot be read
 * with certainty are hidden whole.
 *
 * @example
 * redactDatabaseUrl('postgres://me:secret@host/db') // 'postgres://me:***@host/db'
 */
export function redactDatabaseUrl(url: string): string {
  if (PGLITE.test(url)) return url
  const [scheme] = POSTGRES.exec(url) ?? []
  if (scheme === undefined) return '***'
  const rest = url.slice(scheme.length)
  const [authority = ''] = /^[^/?#]*/.exec(rest) ?? []
  const tail = rest.slice(authority.length)
  // The password has an unescaped /, ? or #, so where it ends is unknown.
  if (tail.includes('@')) return `${scheme}***`
  const at = authority.lastIndexOf('@')
  const [user = ''] = authority.slice(0, at + 1).split(/[:@]/, 1)
  const hasPassword = authority.slice(0, at).includes(':')
  const userInfo = at < 0 ? '' : `${user}${hasPassword ? ':***' : ''}@`
  return `${scheme}${userInfo}${authority.slice(at + 1)}${redactQuery(tail)}`
}

const SECRET_NAME = /pass|secret|token|key/i

function redactQuery(tail: string): string {
  return tail.replace(/([?&#])([^=&#]*)=([^&#]*)/g, (whole, mark: string, name: string) =>
    SECRET_NAME.test(decode(name)) ? `${mark}${name}=***` : whole,
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return 'secret'
  }
}

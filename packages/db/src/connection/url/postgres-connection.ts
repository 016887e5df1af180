import { parseDatabaseUrl } from './database-url.ts'
import type { PostgresUrl } from './postgres-url.ts'
import { readTls, type TlsOptions } from './tls-options.ts'

/** What a `Client` or `Pool` of `pg` takes to connect to the server of a URL. */
export interface PostgresConnection {
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly database?: string
  /** Without it the variable PGSSLMODE decides. */
  readonly ssl?: TlsOptions
  readonly application_name?: string
  readonly options?: string
}

/**
 * The parts of a `postgres://` URL for a client of `pg` of one's own. Unlike `pg`, which reads a URL by
 * itself, it refuses what is ambiguous or has no effect.
 *
 * Throws `DATABASE_URL_INVALID`, also for a URL of another scheme.
 *
 * @example
 * const client = new Client(postgresConnection('postgres://grid@localhost/grid'))
 */
export function postgresConnection(url: string): PostgresConnection {
  const location = parseDatabaseUrl(url)
  if (location.kind === 'postgres') return connectionOf(location.url)
  throw new TypeError('postgresConnection takes a postgres:// URL')
}

/** The parts of a URL for `pg`, without those that it leaves out. */
export function connectionOf({ parameters, ...parts }: PostgresUrl): PostgresConnection {
  const { host, port, user, password, database } = parts
  const given = Object.entries({ host, port, user, password, database, ssl: tlsOf(parameters) })
  const texts = [...parameters].filter(([name]) => !READ_HERE.has(name))
  return Object.fromEntries([...texts, ...given.filter(([, value]) => value !== undefined)])
}

/** The encryption that a URL's parameters ask for. Reads the files of certificates, which are replaced before they expire. */
export function tlsOf(parameters: ReadonlyMap<string, string>): TlsOptions | undefined {
  const tls = readTls(parameters)
  if (typeof tls === 'object' && 'fault' in tls) throw new Error(`the database URL ${tls.fault}`)
  return tls
}

/** Parameters that `readTls` turns into options. */
const READ_HERE = new Set(['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'uselibpqcompat'])

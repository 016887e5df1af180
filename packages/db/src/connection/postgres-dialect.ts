import { type Driver, PostgresDialect, type PostgresPool } from 'kysely'
import type { PoolClient } from 'pg'
import { guardedClient } from './guarded-client.ts'
import { limitSilence } from './limit-silence.ts'
import { loadPeer } from './load-peer.ts'
import { LocalSettingsDriver } from './local-settings-driver.ts'
import { refusalOf } from './refusal.ts'
import { type SessionLimits, SessionSettings } from './session-settings.ts'
import { ownTypes } from './type-parsers.ts'
import { connectionOf, tlsOf } from './url/postgres-connection.ts'
import type { PostgresUrl } from './url/postgres-url.ts'
import type { TlsOptions } from './url/tls-options.ts'

/** How to connect to a PostgreSQL server. */
export interface PostgresOptions extends SessionLimits {
  readonly url: PostgresUrl
  readonly applicationName: string
  readonly poolSize: number
  readonly connectionTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly silenceTimeoutMs: number
}

/** A connection is replaced after this time, so that one to a demoted server does not last. */
const MAX_LIFETIME_S = 1800

/** Makes Kysely's PostgreSQL dialect over a pool of `pg`, which is made on first use. */
export function createPostgresDialect(options: PostgresOptions): PostgresDialect {
  return new SettledPostgresDialect(options, new SessionSettings(options))
}

class SettledPostgresDialect extends PostgresDialect {
  readonly #settings: SessionSettings

  constructor(options: PostgresOptions, settings: SessionSettings) {
    super({ pool: () => createPool(options, settings) })
    this.#settings = settings
  }

  override createDriver(): Driver {
    return new LocalSettingsDriver(super.createDriver(), this.#settings)
  }
}

async function createPool(
  options: PostgresOptions,
  settings: SessionSettings,
): Promise<PostgresPool> {
  const { Client, Pool, types } = await loadPeer('pg', () => import('pg'))
  const { parameters } = options.url
  const { ssl, ...given } = connectionOf(options.url)
  const pool = new Pool({
    Client: settledClient(guardedClient(Client), settings),
    types: ownTypes(types),
    application_name: options.applicationName,
    max: options.poolSize,
    connectionTimeoutMillis: options.connectionTimeoutMs,
    idleTimeoutMillis: options.idleTimeoutMs,
    maxLifetimeSeconds: MAX_LIFETIME_S,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // An idle connection must not keep the process from exiting.
    allowExitOnIdle: true,
    ...settings.startup,
    // What the URL says wins.
    ...given,
  })
  // Each connection reads the certificates anew, so that a long-lived process gets renewed ones.
  if (ssl !== undefined) {
    let last = ssl
    const read = (): TlsOptions => {
      try {
        last = tlsOf(parameters) ?? last
      } catch {
        // A file is being replaced, or no descriptor is left: the server says whether the old ones still hold. The pool
        // makes clients where nobody could catch what is thrown here.
      }
      return last
    }
    Object.defineProperty(pool.options, 'ssl', { get: read, enumerable: true })
  }
  // A broken idle connection is reported here only, and an error without a listener would end the
  // process. The next query fails, or gets another connection.
  pool.on('error', ignore)
  pool.on('connect', (client) => {
    client.on('error', ignore)
    if (options.silenceTimeoutMs > 0) limitSilence(client, options.silenceTimeoutMs)
  })
  const known = new WeakSet<PoolClient>()
  const connect = async (): Promise<PoolClient> => {
    const client = await pool.connect()
    if (known.has(client)) return client
    try {
      if (await settings.check(client)) {
        known.add(client)
        return client
      }
    } catch (error) {
      client.release(true)
      throw error
    }
    client.release(true)
    return connect()
  }
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const { areLocal } = settings
      try {
        return await connect()
      } catch (error) {
        if (areLocal || !settings.refused(error)) throw refusalOf(error) ?? error
        Object.assign(pool.options, settings.startup, given)
        return await connect().catch((reason: unknown) => {
          throw refusalOf(reason) ?? reason
        })
      }
    },
  }
}

/** The method of pg's client that gives the parameters of a connection's start. */
interface StartingClient {
  getStartupConf(): Record<string, string>
}

/**
 * A client that also sends the forms when it connects. As parameters of their own, unlike those in
 * `options`, they win over what the URL's `options` set and leave that in force otherwise.
 *
 * Values come as text, which our parsers read, also where a program has set `defaults.binary` for all of pg: an option
 * of the pool could only say the opposite.
 *
 * The method is not documented. If a version of pg lacks it, the sessions lack the forms, and each
 * transaction sets them.
 */
function settledClient(
  Client: typeof import('pg').Client,
  settings: SessionSettings,
): typeof Client {
  const { getStartupConf } = Client.prototype as unknown as Partial<StartingClient>
  class SettledClient extends Client {
    readonly binary = false
  }
  if (getStartupConf === undefined) return SettledClient
  Object.assign(SettledClient.prototype, {
    getStartupConf(this: StartingClient): Record<string, string> {
      return {
        ...settings.startupDefaults,
        ...getStartupConf.call(this),
        ...settings.startupForms,
      }
    },
  })
  return SettledClient
}

function ignore(): void {}

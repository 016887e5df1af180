import { PostgresDialect } from 'kysely'
import { limitSilence } from './limit-silence.ts'
import { loadPeer } from './load-peer.ts'

/** How to connect to a PostgreSQL server. */
export interface PostgresOptions {
  readonly url: string
  readonly applicationName: string
  readonly poolSize: number
  readonly connectionTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly silenceTimeoutMs: number
}

/** Kysely's PostgreSQL dialect over a pool of `pg`, made on first use. */
export function createPostgresDialect(options: PostgresOptions): PostgresDialect {
  return new PostgresDialect({
    pool: async () => {
      const { Pool } = await loadPeer('pg', () => import('pg'))
      const pool = new Pool({
        connectionString: options.url,
        application_name: options.applicationName,
        max: options.poolSize,
        connectionTimeoutMillis: options.connectionTimeoutMs,
        statement_timeout: options.statementTimeoutMs || false,
        keepAlive: true,
        keepAliveInitialDelayMillis: 10_000,
        // An idle connection to a server that went away must not keep the process from its end.
        allowExitOnIdle: true,
      })
      // A connection that breaks while nobody queries it says so here only, and an unheard error
      // ends the process. The next query fails by itself, or gets another connection.
      pool.on('error', ignore)
      pool.on('connect', (client) => {
        client.on('error', ignore)
        if (options.silenceTimeoutMs > 0) limitSilence(client, options.silenceTimeoutMs)
      })
      return pool
    },
  })
}

function ignore(): void {}

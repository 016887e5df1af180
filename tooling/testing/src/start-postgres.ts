import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { startGuarded } from './guarded-server.ts'
import { postgresBinaries, serverUser } from './postgres-binaries.ts'

/** A running PostgreSQL server for tests. */
export interface TestServer {
  /** URL of its maintenance database; the user may create databases. */
  readonly url: string
  /** Ends the server and removes its files; does nothing to the server of `TEST_DATABASE_URL`. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 60_000
const ATTEMPTS = 3
/** Durability is off, because no test needs to survive a power cut. */
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=200',
  'listen_addresses=127.0.0.1',
]

/**
 * Gives a real PostgreSQL: the one that `TEST_DATABASE_URL` names, or else one that it starts from npm
 * on a free port, in a new temporary directory. Says on stderr which one.
 *
 * A started server ends and its files are removed when `stop` is called, and also when this process
 * dies, even by kill -9.
 *
 * @example
 * const server = await startPostgres()
 * try { await run(server.url) } finally { await server.stop() }
 */
export async function startPostgres(): Promise<TestServer> {
  const given = process.env['TEST_DATABASE_URL']
  if (given) {
    say(`PostgreSQL ${await serverVersion(given)} of TEST_DATABASE_URL`)
    return { url: given, stop: () => Promise.resolve() }
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await startEmbedded()
    } catch (error) {
      // Another process may have taken the free port meanwhile.
      if (attempt === ATTEMPTS) throw error
    }
  }
}

async function startEmbedded(): Promise<TestServer> {
  const user = serverUser()
  const home = mkdtempSync(join(tmpdir(), 'grid-postgres-'))
  chmodSync(home, 0o755)
  const data = join(home, 'data')
  const sockets = join(home, 'sockets')
  for (const directory of [data, sockets]) {
    mkdirSync(directory, { mode: 0o700 })
    if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid)
  }
  const { initdb, postgres } = await postgresBinaries(home, user)
  execFileSync(
    initdb,
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const port = await freePort()
  const settings = [...SETTINGS, `unix_socket_directories=${sockets}`].flatMap((s) => ['-c', s])
  const args = ['-D', data, '-p', String(port), ...settings]
  const server = startGuarded(postgres, args, { user, home })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    try {
      say(`PostgreSQL ${await serverVersion(url)} started from npm on port ${port}`)
      return { url, stop: server.stop }
    } catch (error) {
      if (server.isRunning && Date.now() < deadline) {
        await delay(50)
        continue
      }
      const output = server.output()
      await server.stop()
      throw new Error(`PostgreSQL did not start: ${output}`, { cause: error })
    }
  }
}

async function serverVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? 'unknown'
  } finally {
    await client.end()
  }
}

function say(text: string): void {
  process.stderr.write(`@grid/testing: ${text}\n`)
}

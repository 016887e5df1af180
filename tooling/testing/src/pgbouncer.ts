import { chmodSync, chownSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { startGuarded } from './guarded-server.ts'
import { serverUser } from './postgres-binaries.ts'

/** A transaction pooler in front of a server. */
export interface Pgbouncer {
  /** The database's URL through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 20_000

/** The path of the installed PgBouncer; null when there is none. */
export function findPgbouncer(): string | null {
  const folders = [...(env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path)) ?? null
}

/**
 * Starts PgBouncer in transaction mode on a free port. It has few server connections, so that clients
 * constantly change from one to another. It ends with `stop`, and when this process dies.
 *
 * `settings` are further lines of its configuration. Throws when PgBouncer is not installed.
 *
 * @example
 * const pooler = await startPgbouncer(database.url, ['ignore_startup_parameters = statement_timeout'])
 */
export async function startPgbouncer(
  databaseUrl: string,
  settings: readonly string[] = [],
): Promise<Pgbouncer> {
  const program = findPgbouncer()
  if (program === null) throw new Error('PgBouncer is not installed')
  const user = serverUser()
  const home = mkdtempSync(join(tmpdir(), 'grid-pgbouncer-'))
  chmodSync(home, 0o755)
  const target = new URL(databaseUrl)
  const port = await freePort()
  const password = target.password === '' ? '' : ` password=${decodeURIComponent(target.password)}`
  const configuration = join(home, 'pgbouncer.ini')
  writeFileSync(
    configuration,
    [
      '[databases]',
      `* = host=${target.hostname} port=${target.port || 5432} user=${target.username}${password}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      // Every client connects as the user of the line above.
      'auth_type = any',
      'pool_mode = transaction',
      'default_pool_size = 3',
      ...settings,
      '',
    ].join('\n'),
  )
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const path of [home, configuration]) chownSync(path, user.uid, user.gid)
  }
  const server = startGuarded(program, [configuration], { user, home })
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  for (const deadline = Date.now() + START_TIMEOUT_MS; ; await delay(50)) {
    const client = new pg.Client({ connectionString: url.href })
    try {
      await client.connect()
      return { url: url.href, stop: server.stop }
    } catch (cause) {
      if (server.isRunning && Date.now() < deadline) continue
      const said = server.output()
      await server.stop()
      throw new Error(`PgBouncer did not start: ${said}`, { cause })
    } finally {
      await client.end().catch(() => {})
    }
  }
}

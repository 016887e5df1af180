import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, closeSync, mkdirSync, mkdtempSync, openSync } from 'node:fs'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { endWithThisProcess } from './end-with-this-process.ts'
import { freePort } from './free-port.ts'
import { type PostgresBinaries, postgresBinaries, serverUser } from './postgres-binaries.ts'

const START_TIMEOUT_MS = 120_000
/** A commit survives the end of the process, and not a power cut, which no test makes. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'max_connections=200',
  'listen_addresses=127.0.0.1',
  // Enough for a standby that follows by it alone.
  'wal_keep_size=512MB',
  'max_wal_size=512MB',
]

/** How a server is ended; after all but `fast` its next start has to recover. */
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const

/**
 * A PostgreSQL from npm that may be stopped, killed, started again and copied. It ends with this process; its files
 * are removed by `dispose`.
 *
 * @example
 * await using server = await OwnPostgres.create()
 * await server.stop('immediate')
 * await server.start()
 */
export class OwnPostgres implements AsyncDisposable {
  readonly port: number
  /** The folder of its files. */
  readonly home: string
  readonly #binaries: PostgresBinaries
  #child: ChildProcess | null = null

  private constructor(home: string, binaries: PostgresBinaries, port: number) {
    this.home = home
    this.#binaries = binaries
    this.port = port
  }

  /** Makes a server with its files in a new folder below `parent`, and starts it. */
  static async create({
    parent = tmpdir(),
  }: {
    readonly parent?: string
  } = {}): Promise<OwnPostgres> {
    const server = await OwnPostgres.#make(parent)
    const { initdb } = server.#binaries
    execFileSync(
      initdb,
      [
        '-D',
        server.#data,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { ...serverUser(), cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await server.start()
    return server
  }

  static async #make(parent: string): Promise<OwnPostgres> {
    const user = serverUser()
    const home = mkdtempSync(join(parent, 'grid-own-postgres-'))
    chmodSync(home, 0o755)
    const server = new OwnPostgres(home, await postgresBinaries(home, user), await freePort())
    for (const folder of [server.#data, join(home, 'sockets')]) {
      mkdirSync(folder, { mode: 0o700 })
      if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid)
    }
    return server
  }

  /** URL of its maintenance database. */
  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== null && child.exitCode === null && child.signalCode === null
  }

  get #data(): string {
    return join(this.home, 'data')
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS
    for (;;) {
      // What is left of a killed one may refuse the new one for a moment.
      if (!this.isRunning) this.#spawn()
      try {
        await this.query('select 1')
        return
      } catch (error) {
        if (Date.now() < deadline) {
          await wait(50)
          continue
        }
        const log = await readFile(this.#log, 'utf8')
        throw new Error(`PostgreSQL did not start: ${log.slice(-2000)}`, { cause: error })
      }
    }
  }

  async stop(how: keyof typeof SIGNALS = 'fast'): Promise<void> {
    const child = this.#child
    if (child === null || !this.isRunning) return
    const ended = once(child, 'exit')
    child.kill(SIGNALS[how])
    await ended
  }

  /** Runs a statement on its maintenance database, by a connection of its own. */
  async query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000 })
    // It may end under the client.
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(text)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }

  /**
   * Stops it, copies its files, and starts both: the copy as a standby that follows the original at `primary`, which
   * may be a relay to it.
   */
  async startStandby(primary: {
    readonly host: string
    readonly port: number
  }): Promise<OwnPostgres> {
    await this.stop()
    const standby = await OwnPostgres.#make(dirname(this.home))
    execFileSync('cp', ['-a', `${this.#data}/.`, standby.#data])
    const { host, port } = primary
    await appendFile(
      join(standby.#data, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=${host} port=${port} user=postgres'\n`,
    )
    await writeFile(join(standby.#data, 'standby.signal'), '')
    await this.start()
    await standby.start()
    return standby
  }

  /** Makes a standby a server that takes writes. */
  async promote(): Promise<void> {
    await this.query('select pg_promote(true, 120)')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('immediate')
    await rm(this.home, { recursive: true, force: true })
  }

  get #log(): string {
    return join(this.home, 'log')
  }

  #spawn(): void {
    const output = openSync(this.#log, 'a')
    const settings = [...SETTINGS, `unix_socket_directories=${join(this.home, 'sockets')}`]
    const child = spawn(
      this.#binaries.postgres,
      ['-D', this.#data, '-p', String(this.port), ...settings.flatMap((one) => ['-c', one])],
      {
        ...serverUser(),
        cwd: '/',
        // In its own process group, so that Ctrl+C reaches only this process.
        detached: true,
        stdio: ['ignore', output, output],
      },
    )
    closeSync(output)
    endWithThisProcess(child)
    this.#child = child
  }
}

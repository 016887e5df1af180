import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { retry, sleep, systemClock, untilAborted } from '@grid/core-events'
import { postgresConnection } from '@grid/db'
import type { Client } from 'pg'
import { CommandError, EXIT } from '../exit-code.ts'
import type { Logger } from '../log/log.ts'
import { retryLog } from '../log/retry-log.ts'
import { postgresClient } from './postgres-client.ts'

/** What a claim is made of, and whom it tells. */
export interface CollectorClaimOptions {
  readonly databaseUrl: string
  readonly collector: string
  readonly log: Logger
  /** Told that another saver took the name while the server had lost this one. */
  readonly onTaken: (error: CommandError) => void
  /** This machine's name. */
  readonly host?: string
  /**
   * After how much silence the server gives the name away, because the machine or its network is gone.
   * Default 30,000 ms.
   */
  readonly silenceMs?: number
}

/** A name that was just given back may look taken for a moment. */
const PATIENCE_MS = 3000
const AGAIN_MS = 200
const SILENCE_MS = 30_000
/** How often the server hears of a claim within its limit of silence. */
const BEATS = 3
/** How long a statement may wait for its answer before the connection counts as dead. */
const ANSWER_MS = 15_000
/** How long a release waits for the server. */
const END_MS = 2000
const CONNECT_TIMEOUT_MS = 10_000
const BACKOFF = { baseMs: 250, capMs: 10_000 }
/** Any login of the database can take any lock, which must not keep a saver from capturing. */
const NO_SAVER =
  'a login that may not write holds the lock of this collector’s name: capturing without it, so that a second saver of this name would not be noticed'
/** PostgreSQL cuts a connection's name at this length. */
const MAX_NAME_BYTES = 63

/** A claim's session, which is open as long as it holds the name. */
interface Session {
  readonly client: Client
  /** Resolves when the connection ends, for whatever reason. */
  readonly ended: Promise<void>
}

/** The session that holds a name, as the server shows it. */
interface Holder {
  readonly name: string | null
  /** Epoch seconds; null where the server hides it from this role. */
  readonly since: number | null
  /** Whether its role may write gaps. Without that right it is no saver. */
  readonly mayWrite: boolean
}

/**
 * Holds a collector's name in a PostgreSQL database, so that no second saver writes under it.
 *
 * The name is an advisory lock of a transaction that stays open on a connection of its own. The server
 * frees it the moment the connection closes, which the kernel does for a killed process, and when it
 * heard nothing for 30 s, so that a vanished machine keeps no name either. A session's lock would not do:
 * a transaction pooler would leave it behind in a session that others use. The open transaction has no
 * snapshot and no id, so it holds back neither vacuum nor the removal of days.
 */
export class CollectorClaim {
  readonly #options: Required<CollectorClaimOptions>
  /** Tells this process's own earlier session, which the server may not have missed yet, from another's. */
  readonly #instance = randomBytes(4).toString('hex')
  readonly #released = new AbortController()
  #session: Session | null = null
  #keeping: Promise<void> | null = null

  constructor(options: CollectorClaimOptions) {
    this.#options = { host: hostname(), silenceMs: SILENCE_MS, ...options }
  }

  /**
   * Takes the name and keeps it until `release`. Rejects with exit code 75, `COLLECTOR_TAKEN`, when
   * another saver holds it, and with the error of a database that is away.
   */
  async take(): Promise<void> {
    if (this.#keeping !== null) return
    this.#session = await this.#claim()
    this.#keeping = this.#keep(this.#session)
  }

  /** Gives the name back; a silent server is waited for 2 s at most, or until the signal aborts. */
  async release(signal: AbortSignal): Promise<void> {
    this.#released.abort()
    const patience = AbortSignal.any([signal, AbortSignal.timeout(END_MS)])
    // It may be claiming the name again from a server that does not answer.
    await untilAborted(this.#keeping ?? Promise.resolve(), patience).catch(() => {})
    await untilAborted(this.#session?.client.end() ?? Promise.resolve(), patience).catch(() => {})
  }

  /** Keeps the name: after each end of its session, which an outage is, takes it again. */
  async #keep(first: Session): Promise<void> {
    const { log, collector, onTaken } = this.#options
    const { signal } = this.#released
    for (let session = first; ; ) {
      await this.#beat(session)
      if (signal.aborted) return
      try {
        session = await retry(() => this.#claim(), {
          clock: systemClock,
          backoff: BACKOFF,
          signal,
          isRetryable: (error) => !isTaken(error),
          onRetry: retryLog(log, {
            code: 'COLLECTOR_UNCLAIMED',
            facts: { collector },
            failing: 'the database does not hold the name of this collector, claiming it again',
            recovered: 'the name of this collector is claimed again',
          }),
        })
        this.#session = session
      } catch (error) {
        if (!signal.aborted) onTaken(error as CommandError)
        return
      }
    }
  }

  /** Lets the server hear of the session until it ends. */
  async #beat({ client, ended }: Session): Promise<void> {
    const beatMs = this.#options.silenceMs / BEATS
    const over = new AbortController()
    const stop = AbortSignal.any([this.#released.signal, over.signal])
    void ended.then(() => over.abort())
    // The machine's clock: the server counts in real time.
    await sleep(systemClock, beatMs, stop)
    while (!stop.aborted) {
      const answer = await untilAborted(client.query('select 1'), stop).catch(() => null)
      if (answer === null) break
      await sleep(systemClock, beatMs, stop)
    }
    // Ends the connection of a server that no longer answers, too.
    if (!this.#released.signal.aborted) await client.end().catch(() => {})
  }

  /** Opens a session that holds the name. */
  async #claim(): Promise<Session> {
    this.#released.signal.throwIfAborted()
    const client = await postgresClient({
      ...postgresConnection(this.#options.databaseUrl),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    })
    const ended = new Promise<void>((resolve) => {
      client.on('error', () => resolve())
      client.on('end', () => resolve())
    })
    try {
      await client.connect()
      await client.query(`begin; ${this.#settings()}`)
      await this.#lock(client)
      return { client, ended }
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
  }

  async #lock(client: Client): Promise<void> {
    const { collector } = this.#options
    const { signal } = this.#released
    const startedMs = performance.now()
    for (;;) {
      // Without parameters, because those leave a portal behind, whose snapshot holds back vacuum.
      const { rows } = await client.query<{ held: boolean }>(
        `select pg_try_advisory_xact_lock(${keyOf(client, collector)}) as held`,
      )
      if (rows[0]?.held === true) return
      const holder = await holderOf(client, collector)
      const isOther = holder !== null && parseName(holder.name)?.instance !== this.#instance
      if (isOther && performance.now() - startedMs > PATIENCE_MS) {
        if (holder.mayWrite) throw taken(collector, holder)
        this.#options.log.warn({ code: 'COLLECTOR_UNCLAIMED', collector }, NO_SAVER)
        return
      }
      await sleep(systemClock, AGAIN_MS, signal)
      signal.throwIfAborted()
    }
  }

  #settings(): string {
    const name = sessionName(this.#instance, process.pid, this.#options.host)
    return [
      `set local application_name = '${name}'`,
      `set local idle_in_transaction_session_timeout = ${this.#options.silenceMs}`,
      // Newer servers limit whole transactions as well.
      `select set_config('transaction_timeout', '0', true)
        where current_setting('transaction_timeout', true) is not null`,
    ].join('; ')
  }
}

/**
 * SQL of the number of a table of ours: of the one that the session sees, or else of the only one, as a
 * search path may leave out its schema; 0 when that tells none. It is never null: no lock has the key null,
 * and the name would be waited for without end.
 */
function tableSql(name: string): string {
  return `coalesce(
    to_regclass('${name}')::oid::bigint,
    (select min(oid::bigint) from pg_class where relname = '${name}' and relkind = 'r' having count(*) = 1),
    0)`
}

/** The lock of a collector: the number of the table tells several schemas of a database apart. */
function keyOf(client: Client, collector: string): string {
  const text = client.escapeLiteral(`event-saver collector ${collector}`)
  return `hashtextextended(${text}, ${tableSql('grid_meta')})`
}

/** The session that holds a collector's name; null when there is none any more. */
async function holderOf(client: Client, collector: string): Promise<Holder | null> {
  const { rows } = await client.query<{
    name: string | null
    since: string | null
    may_write: boolean | null
  }>(
    `select application_name as name, extract(epoch from xact_start)::text as since,
       usename = session_user
         or coalesce(has_table_privilege(usesysid, ${tableSql('capture_gaps')}::oid, 'insert'), true) as may_write
     from pg_locks left join pg_stat_activity as activity using (pid)
     where locktype = 'advisory' and granted and objsubid = 1
       and pg_locks.database = (select oid from pg_database where datname = current_database())
       and (classid::bigint << 32) | objid::bigint = ${keyOf(client, collector)}`,
  )
  const [row] = rows
  if (row === undefined) return null
  const { name, since, may_write: mayWrite } = row
  return { name, since: since === null ? null : Number(since), mayWrite: mayWrite ?? true }
}

/** The name of a session that holds a collector's name. Of a long host only the beginning has room. */
function sessionName(instance: string, pid: number | string, host: string): string {
  const full = `event-saver ${instance} ${pid}@${host}`
  return Buffer.from(full).subarray(0, MAX_NAME_BYTES).toString('latin1').replaceAll("'", '')
}

function parseName(name: string | null): { instance: string; pid: string; host: string } | null {
  const [, instance, pid, host] = /^event-saver ([0-9a-f]{8}) (\d+)@(.*)$/.exec(name ?? '') ?? []
  if (instance === undefined || pid === undefined || host === undefined) return null
  return { instance, pid, host }
}

/** Who captures under a collector's name, as a text, and whether it runs on this machine. */
export interface CollectorHolder {
  readonly text: string
  readonly isOfThisMachine: boolean
}

/** Looks who holds a collector's name; null when it is free, or held by a login that may not write. */
export async function findCollectorHolder({
  databaseUrl,
  collector,
  host = hostname(),
}: Pick<
  CollectorClaimOptions,
  'databaseUrl' | 'collector' | 'host'
>): Promise<CollectorHolder | null> {
  const client = await postgresClient({
    ...postgresConnection(databaseUrl),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const holder = await holderOf(client, collector)
    if (holder === null || !holder.mayWrite) return null
    const named = parseName(holder.name)
    const isOfThisMachine =
      named !== null && sessionName(named.instance, named.pid, host) === holder.name
    return { text: textOf(holder), isOfThisMachine }
  } finally {
    await client.end().catch(() => {})
  }
}

/** Whether an error says that another saver holds the collector's name. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'COLLECTOR_TAKEN'
}

function textOf({ name, since }: Holder): string {
  const holder = parseName(name)
  const who = holder === null ? 'another session' : `process ${holder.pid} on ${holder.host}`
  const when = since === null ? 'an unknown time' : new Date(since * 1000).toISOString()
  return `${who}, since ${when}`
}

function taken(collector: string, holder: Holder): CommandError {
  return new CommandError(
    EXIT.tryAgain,
    'COLLECTOR_TAKEN',
    `the collector name "${collector}" is held by ${textOf(holder)}: stop that saver, or give this ` +
      'one a name of its own with EVENTSAVER_COLLECTOR',
  )
}

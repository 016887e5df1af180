/** What the server is to hold every transaction to; 0 leaves a limit to the server. */
export interface SessionLimits {
  readonly statementTimeoutMs: number
  readonly idleInTransactionTimeoutMs: number
  readonly readOnly: boolean
}

/** What is used of pg's client. */
interface Client {
  query(sql: string): Promise<{ readonly rows: readonly { readonly setting?: unknown }[] }>
}

/** What `pg` sends when it connects. */
interface StartupParameters {
  /** 0 is not sent, as are the others when there is nothing to say. */
  readonly statement_timeout: number
  readonly idle_in_transaction_session_timeout: number
  readonly options: string | undefined
}

const READ_ONLY = 'default_transaction_read_only'
const NO_PARAMETERS: StartupParameters = {
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  options: undefined,
}

/**
 * The limits of a pool's sessions, and whether the sessions keep them.
 *
 * A session of one's own has them from its start. A transaction pooler refuses such parameters, or
 * ignores them, and hands each transaction another server's session: then they must be set in each
 * transaction (`areLocal`). Which it is shows when the first connection is made.
 */
export class SessionSettings {
  readonly #limits: ReadonlyMap<string, string>
  #areLocal = false

  constructor(limits: SessionLimits) {
    const { statementTimeoutMs, idleInTransactionTimeoutMs, readOnly } = limits
    this.#limits = new Map(
      [
        ['statement_timeout', String(statementTimeoutMs)] as const,
        ['idle_in_transaction_session_timeout', String(idleInTransactionTimeoutMs)] as const,
        [READ_ONLY, readOnly ? 'on' : '0'] as const,
      ].filter(([, value]) => value !== '0'),
    )
  }

  /** Whether each transaction must be told. */
  get areLocal(): boolean {
    return this.#areLocal
  }

  /** What to send at a connection's start. */
  get startup(): StartupParameters {
    if (this.#areLocal) return NO_PARAMETERS
    const numberOf = (name: string): number => Number(this.#limits.get(name) ?? 0)
    return {
      statement_timeout: numberOf('statement_timeout'),
      idle_in_transaction_session_timeout: numberOf('idle_in_transaction_session_timeout'),
      options: this.#limits.has(READ_ONLY) ? `-c ${READ_ONLY}=on` : undefined,
    }
  }

  /** Statements that hold the current transaction to the limits. */
  get localSql(): string {
    return [...this.#limits]
      .map(([name, value]) => `set local ${name.replace(/^default_/, '')} = ${value}`)
      .join('; ')
  }

  /**
   * Takes note that a connection was refused that was made before the settings were local; whether
   * it is to be made again without parameters.
   */
  refused(error: unknown): boolean {
    const { code } = error as { code?: unknown }
    // PgBouncer names the parameter under 08P01, other poolers say that they do not support it.
    if (this.#limits.size === 0 || (code !== '08P01' && code !== '0A000')) return false
    this.#areLocal = true
    return true
  }

  /** Asks a new session whether it has what it was sent: some poolers only ignore it. */
  async check(client: Client): Promise<void> {
    if (this.#areLocal || this.#limits.size === 0) return
    const names = [...this.#limits.keys()].map((name) => `'${name}'`).join(', ')
    const { rows } = await client.query(`select setting from pg_settings where name in (${names})`)
    // Another timeout than ours is the URL's or the role's, and meant.
    if (rows.some(({ setting }) => setting === '0' || setting === 'off')) this.#areLocal = true
  }
}

import { SessionForms, type SessionState, sessionSql } from './session-forms.ts'

/** The limits of every transaction; 0 leaves a limit to the server, where nothing else is said. */
export interface SessionLimits {
  /** 0 is no limit, also where the server, the database or the role has one. */
  readonly statementTimeoutMs: number
  readonly idleInTransactionTimeoutMs: number
  readonly readOnly: boolean
}

/** The part of pg's client that is used. */
interface Client {
  query(sql: string): Promise<{ readonly rows: readonly { readonly state?: unknown }[] }>
}

/** The parameters that `pg` sends when it connects. */
interface StartupParameters {
  /** 0 is not sent. */
  readonly statement_timeout: number
  readonly idle_in_transaction_session_timeout: number
  readonly options: string | undefined
}

const READ_ONLY = 'default_transaction_read_only'
const STATEMENT_TIMEOUT = 'statement_timeout'
const NO_PARAMETERS: StartupParameters = {
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  options: undefined,
}

/**
 * The limits and forms of a pool's sessions, and whether the sessions keep them.
 *
 * A direct connection to the server gets them at its start. A transaction pooler refuses or ignores such
 * parameters and may give each transaction another session: they must then be set in each transaction
 * (`areLocal`). Which of the two it is turns out when the first connection is made.
 */
export class SessionSettings {
  readonly #limits: ReadonlyMap<string, string>
  readonly #forms = new SessionForms()
  #areLocal = false

  constructor(limits: SessionLimits) {
    const { statementTimeoutMs, idleInTransactionTimeoutMs, readOnly } = limits
    this.#limits = new Map(
      [
        [STATEMENT_TIMEOUT, String(statementTimeoutMs)] as const,
        ['idle_in_transaction_session_timeout', String(idleInTransactionTimeoutMs)] as const,
        [READ_ONLY, readOnly ? 'on' : '0'] as const,
      ].filter(([name, value]) => value !== '0' || name === STATEMENT_TIMEOUT),
    )
  }

  /** Whether limits and forms must be set in each transaction. */
  get areLocal(): boolean {
    return this.#areLocal
  }

  /** The parameters to send at a connection's start. */
  get startup(): StartupParameters {
    if (this.#areLocal) return NO_PARAMETERS
    const numberOf = (name: string): number => Number(this.#limits.get(name) ?? 0)
    return {
      statement_timeout: numberOf(STATEMENT_TIMEOUT),
      idle_in_transaction_session_timeout: numberOf('idle_in_transaction_session_timeout'),
      options: this.#limits.has(READ_ONLY) ? `-c ${READ_ONLY}=on` : undefined,
    }
  }

  /** What to send at a connection's start unless the URL says otherwise: `pg` sends no 0. */
  get startupDefaults(): Readonly<Record<string, string>> {
    const isUnlimited = !this.#areLocal && this.#limits.get(STATEMENT_TIMEOUT) === '0'
    return isUnlimited ? { [STATEMENT_TIMEOUT]: '0' } : {}
  }

  /** The forms to send at a connection's start, beyond what `pg` sends by itself. */
  get startupForms(): Readonly<Record<string, string>> {
    return this.#areLocal ? {} : this.#forms.settings
  }

  /** SQL statements that set limits and forms in the current transaction. */
  get localSql(): string {
    const limits = [...this.#limits].map(
      ([name, value]) => `set local ${name.replace(/^default_/, '')} = ${value}`,
    )
    return [...limits, ...this.#forms.sql('local')].join('; ')
  }

  /**
   * Whether a connection was refused because of its parameters: then they are local from now on, and the
   * connection is to be made again.
   */
  refused(error: unknown): boolean {
    const { code } = error as { code?: unknown }
    // PgBouncer refuses a parameter with 08P01, other poolers with "not supported".
    if (code !== '08P01' && code !== '0A000') return false
    this.#areLocal = true
    return true
  }

  /**
   * Asks a new session whether it has limits and forms: some poolers ignore the parameters silently.
   * Gives false when the connection is to be made again, now that the schema of the tables is known.
   */
  async check(client: Client): Promise<boolean> {
    const { rows } = await client.query(sessionSql([...this.#limits.keys()]))
    const state = JSON.parse(String(rows[0]?.state)) as SessionState
    const hasForms = this.#forms.matches(state)
    const hasLimits = [...this.#limits].every(([name, value]) => {
      const setting = state.settings[name]
      // A value other than ours was set on purpose, in the URL or for the role.
      return value === '0' || (setting !== '0' && setting !== 'off')
    })
    if (!hasForms || !hasLimits) this.#areLocal = true
    return !this.#forms.learn(state) || this.#areLocal
  }
}

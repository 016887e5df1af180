import type { PrivateStreamStatus } from '@grid/bybit-adapter'
import type { Category } from '@grid/core-events'
import type { Account, GapState, StoredGap } from '@grid/db'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'
import { retryLog } from '../log/retry-log.ts'
import type { StreamLog } from '../log/stream-log.ts'

/** The account that a line is about. */
type Named = Pick<Account, 'accountId' | 'accountName'>

/** Logs what happens to accounts; never shows their keys. */
export class AccountLog {
  readonly #log: Logger
  readonly #streams: StreamLog
  readonly #denied = new Set<string>()
  readonly #strays = new Set<string>()
  /** Logs the readings of the list of accounts: failures, and the recovery (`failures` is then 0). */
  readonly listRetry: (error: unknown, failures: number) => void

  constructor(log: Logger, streams: StreamLog) {
    this.#log = log
    this.#streams = streams
    this.listRetry = retryLog(log, {
      code: 'ACCOUNTS_UNKNOWN',
      failing: 'cannot read the accounts, trying again',
      recovered: 'the accounts can be read again',
    })
  }

  /** A status of an account's stream. */
  status({ accountName }: Named, status: PrivateStreamStatus): void {
    this.#streams.tell(status, { account: accountName })
  }

  /** An account is added, removed, or has another key. */
  changed({ accountId, accountName }: Named, what: string): void {
    this.#log.info({ account: accountName, accountId }, `account ${what}`)
  }

  /** An account cannot be captured as it is. */
  unusable({ accountId, accountName }: Named, code: string, reason: string): void {
    this.#log.error({ code, account: accountName, accountId, reason }, 'account cannot be captured')
  }

  /** The accounts whose environment is not the database's. Each is logged once. */
  strays(accounts: readonly Account[]): void {
    for (const { accountId, accountName, environment } of accounts) {
      if (this.#strays.has(accountId)) continue
      this.#strays.add(accountId)
      this.#log.error(
        { code: 'ACCOUNT_ENVIRONMENT', account: accountName, accountId, environment },
        'account is not captured: its row was given another environment than the database’s; set it back, or remove the account and add it again',
      )
    }
  }

  /** A key may not read a category over REST. Logged once. */
  denied({ accountId, accountName }: Named, category: Category, reason: string): void {
    const what = `${accountId} ${category}`
    if (this.#denied.has(what)) return
    this.#denied.add(what)
    this.#log.warn(
      { code: 'CATEGORY_DENIED', account: accountName, category, reason },
      'this key may not read the category over REST: snapshots and repairs leave it out',
    )
  }

  /** A job failed and is tried again, or succeeded after failures (`failures` is then 0). */
  failed({ accountName }: Named, job: 'past' | 'rest', error: unknown, failures: number): void {
    if (failures === 0) {
      this.#log.info({ account: accountName, job }, 'works again')
    } else if (isWorthALine(failures)) {
      const reason = reasonOf(error)
      const { code: cause } = error as { code?: unknown }
      this.#log[levelOf(failures)](
        { code: 'ACCOUNT_JOB_FAILED', account: accountName, job, cause, failures, reason },
        'cannot read the account, trying again',
      )
    }
  }

  /** A gap was read from the exchange's history and closed. */
  gapClosed(
    { accountName }: Named,
    gap: StoredGap,
    state: GapState,
    faults: readonly string[],
  ): void {
    const { channel, startTs, endTs } = gap
    const why = faults.length === 0 ? {} : { reason: faults.join('; ') }
    this.#log.info(
      { account: accountName, channel, startTs, endTs, state, ...why },
      'gap read from history',
    )
  }

  /** Closing a worker failed, which should be impossible. */
  defect(error: unknown): void {
    this.#log.error({ code: 'DEFECT', reason: reasonOf(error) }, 'a worker failed to end')
  }
}

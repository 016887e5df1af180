import type { PrivateStreamStatus } from '@grid/bybit-adapter'
import type { Category } from '@grid/core-events'
import type { Account, GapState, StoredGap } from '@grid/db'
import { isWorthALine, type Logger } from '../log/log.ts'
import type { StreamLog } from '../log/stream-log.ts'
import { reasonOf } from '../storage/prepare-database.ts'

/** Whom a line is about. */
type Named = Pick<Account, 'accountId' | 'accountName'>

/** Tells the log what becomes of accounts; never of their keys. */
export class AccountLog {
  readonly #log: Logger
  readonly #streams: StreamLog
  readonly #denied = new Set<string>()

  constructor(log: Logger, streams: StreamLog) {
    this.#log = log
    this.#streams = streams
  }

  /** What a stream says of itself. */
  status({ accountName }: Named, status: PrivateStreamStatus): void {
    this.#streams.tell(status, { account: accountName })
  }

  /** An account comes, goes, or has another key. */
  changed({ accountId, accountName }: Named, what: string): void {
    this.#log.info({ account: accountName, accountId }, `account ${what}`)
  }

  /** An account cannot be captured as it is. */
  unusable({ accountId, accountName }: Named, code: string, reason: string): void {
    this.#log.error({ code, account: accountName, accountId, reason }, 'account cannot be captured')
  }

  /** A key may not read a category over REST; told once. */
  denied({ accountId, accountName }: Named, category: Category, reason: string): void {
    const what = `${accountId} ${category}`
    if (this.#denied.has(what)) return
    this.#denied.add(what)
    this.#log.warn(
      { code: 'CATEGORY_DENIED', account: accountName, category, reason },
      'cannot be read over REST with this key: left out of snapshots and repairs',
    )
  }

  /** A job failed and will be tried again, or went well after failures (`failures` is then 0). */
  failed({ accountName }: Named, job: 'past' | 'rest', error: unknown, failures: number): void {
    if (failures === 0) {
      this.#log.info({ account: accountName, job }, 'works again')
    } else if (isWorthALine(failures)) {
      const reason = reasonOf(error)
      const { code: cause } = error as { code?: unknown }
      this.#log.warn(
        { code: 'ACCOUNT_JOB_FAILED', account: accountName, job, cause, failures, reason },
        'cannot read the account, trying again',
      )
    }
  }

  /** A gap was filled as far as it can be. */
  gapClosed({ accountName }: Named, gap: StoredGap, state: GapState): void {
    const { channel, startTs, endTs } = gap
    this.#log.info(
      { account: accountName, channel, startTs, endTs, state },
      'gap read from history',
    )
  }

  /** The accounts could not be read, or were after failures (`failures` is then 0). */
  listRetry(error: unknown, failures: number): void {
    if (failures === 0) {
      this.#log.info('the accounts can be read again')
    } else if (isWorthALine(failures)) {
      const reason = reasonOf(error)
      this.#log.warn({ code: 'ACCOUNTS_UNKNOWN', failures, reason }, 'cannot read the accounts')
    }
  }

  /** Something failed that cannot. */
  defect(error: unknown): void {
    this.#log.error({ code: 'DEFECT', reason: reasonOf(error) }, 'a worker failed to end')
  }
}

import { type Clock, repeat } from '@grid/core-events'
import type { Account } from '@grid/db'
import type { DurableJournal, RemovedAccount } from '../journal/durable-journal.ts'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** What is needed to forget accounts. */
export interface RemovedAccountsOptions {
  readonly clock: Clock
  /** One in memory forgets by itself. */
  readonly journal: Partial<Pick<DurableJournal, 'forget'>>
  readonly log: Logger
}

/** How often it is looked whether what removed accounts sent can be taken out of the journal. */
const POLL_MS = 1000
const BACKOFF = { baseMs: 1000, capMs: 60_000 }

/** Takes what removed accounts sent out of the journal, once it is stored. */
export class RemovedAccounts {
  readonly #options: RemovedAccountsOptions
  #removed: readonly RemovedAccount[] = []

  constructor(options: RemovedAccountsOptions) {
    this.#options = options
  }

  /** Says which accounts were removed so far. */
  set(accounts: readonly Pick<Account, 'accountId' | 'removedAt'>[]): void {
    this.#removed = accounts.map(({ accountId, removedAt }) => ({
      accountId,
      removedAt: removedAt ?? 0,
    }))
  }

  /** Goes on until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, journal, log } = this.#options
    if (journal.forget === undefined) return Promise.resolve()
    const onRetry = (error: unknown, failures: number): void => {
      if (failures === 0 || signal.aborted || !isWorthALine(failures)) return
      const facts = { code: 'ACCOUNT_NOT_FORGOTTEN', failures, reason: reasonOf(error) }
      log[levelOf(failures)](
        facts,
        'what a removed account sent cannot be taken out of the journal yet',
      )
    }
    const options = { clock, backoff: BACKOFF, signal, onRetry }
    return repeat(async () => {
      await journal.forget?.(this.#removed)
      return POLL_MS
    }, options)
  }
}

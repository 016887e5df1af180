import { nowMs, sleep } from '@grid/core-events'
import type { EnabledAccount } from '@grid/db'
import type { AccountStatus } from './account-status.ts'
import { AccountWorker, type UsableAccount, type WorkerContext } from './account-worker.ts'

/** How often a worker whose key was replaced looks whether its successor has got in. */
const CHECK_MS = 1000

interface UnusableAccount {
  readonly account: EnabledAccount
  readonly code: string
  readonly reason: string
  readonly since: number
}

/**
 * Captures every account that is enabled, each by a worker of its own, so that one bad key delays no
 * other; follows accounts as they are added, disabled and given other keys.
 */
export class AccountCapture {
  readonly #context: WorkerContext
  readonly #workers = new Map<string, AccountWorker>()
  readonly #unusable = new Map<string, UnusableAccount>()
  /** Workers on their way out. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(context: WorkerContext) {
    this.#context = context
  }

  /** How every account's capture stands, by name. */
  statuses(): AccountStatus[] {
    const unusable = [...this.#unusable.values()].map(
      ({ account, code, reason, since }): AccountStatus => ({
        accountId: account.accountId,
        accountName: account.accountName,
        userId: account.userId,
        state: 'unusable',
        code,
        reason,
        since,
        topics: [],
        snapshotAt: null,
      }),
    )
    const captured = [...this.#workers.values()].map((worker) => worker.status())
    return [...captured, ...unusable].sort((a, b) => (a.accountName < b.accountName ? -1 : 1))
  }

  /** Takes the accounts that are to be captured from now on. */
  setAccounts(accounts: readonly EnabledAccount[]): void {
    if (this.#stop.signal.aborted) return
    const wanted = new Set(accounts.map(({ accountId }) => accountId))
    for (const accountId of this.#unusable.keys()) {
      if (!wanted.has(accountId)) this.#unusable.delete(accountId)
    }
    for (const [accountId, worker] of this.#workers) {
      if (wanted.has(accountId)) continue
      this.#workers.delete(accountId)
      this.#context.log.changed(worker.account, 'captured no more')
      this.#leave(worker.close())
    }
    for (const account of accounts) this.#set(account)
  }

  /** Ends the capture of all accounts. */
  async close(): Promise<void> {
    this.#stop.abort()
    const workers = [...this.#workers.values()].map((worker) => worker.close())
    await Promise.all([...workers, ...this.#leaving])
  }

  #set(account: EnabledAccount): void {
    const { accountId } = account
    const worker = this.#workers.get(accountId)
    if (account.fault !== null) {
      // A worker that has a key goes on: that the database's cannot be read says nothing against it.
      if (worker === undefined)
        this.#setUnusable(account, account.fault.code, account.fault.message)
      return
    }
    if (worker?.account.credential.credentialId === account.credential.credentialId) return
    const { config } = this.#context
    if (config.wsUrl !== undefined && config.restUrl === undefined) {
      const reason =
        'EVENTSAVER_REST_URL is needed beside EVENTSAVER_WS_URL: keys must go nowhere else'
      this.#setUnusable(account, 'REST_URL_MISSING', reason)
      return
    }
    this.#start(account, worker ?? null)
  }

  #start(account: UsableAccount, previous: AccountWorker | null): void {
    let worker: AccountWorker
    try {
      worker = new AccountWorker(account, this.#context, previous)
    } catch (error) {
      // The adapter names the part of the key that cannot be one, and never shows it.
      const { code = 'KEY_UNUSABLE', message } = error as { code?: string; message: string }
      this.#setUnusable(account, code, message)
      return
    }
    this.#unusable.delete(account.accountId)
    this.#workers.set(account.accountId, worker)
    this.#context.log.changed(account, previous === null ? 'to be captured' : 'has another key')
    worker.start()
    if (previous !== null) this.#leave(this.#handOver(previous, worker))
  }

  /** Lets the worker with the old key go on until the newest is let in, or the account is not wanted. */
  async #handOver(previous: AccountWorker, worker: AccountWorker): Promise<void> {
    const { accountId } = worker.account
    const { signal } = this.#stop
    while (this.#workers.get(accountId)?.isWhole === false && !signal.aborted) {
      await sleep(this.#context.clock, CHECK_MS, signal)
    }
    await previous.close()
    worker.forgetPrevious()
  }

  #leave(leaving: Promise<void>): void {
    const settled = leaving.catch((error: unknown) => this.#context.log.defect(error))
    this.#leaving.add(settled)
    void settled.then(() => this.#leaving.delete(settled))
  }

  #setUnusable(account: EnabledAccount, code: string, reason: string): void {
    const known = this.#unusable.get(account.accountId)
    if (known?.code === code) return
    const since = nowMs(this.#context.clock)
    this.#unusable.set(account.accountId, { account, code, reason, since })
    this.#context.log.unusable(account, code, reason)
  }
}

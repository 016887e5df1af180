import type { UnansweredConnection } from '@grid/bybit-adapter'
import { type GridEvent, nowMs, sleep } from '@grid/core-events'
import type { EnabledAccount } from '@grid/db'
import type { AccountStatus } from './account-status.ts'
import { AccountWorker, type UsableAccount, type WorkerContext } from './account-worker.ts'
import { accountHostsFault } from './rest/account-hosts.ts'

/** How often a worker whose key was replaced checks whether its successor is live. */
const CHECK_MS = 1000

interface UnusableAccount {
  readonly account: EnabledAccount
  readonly code: string
  readonly reason: string
  readonly since: number
}

/**
 * Captures every enabled account by a worker of its own, so that a bad key delays no other account.
 */
export class AccountCapture {
  readonly #context: WorkerContext
  readonly #workers = new Map<string, AccountWorker>()
  readonly #unusable = new Map<string, UnusableAccount>()
  /** Workers that began while the database was away, and have not read the past yet. */
  readonly #early = new Set<AccountWorker>()
  /** Workers that are closing. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(context: WorkerContext) {
    this.#context = context
  }

  /** The state of every account's capture, in order of name. */
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
        unread: [],
      }),
    )
    const captured = [...this.#workers.values()].map((worker) => worker.status())
    return [...captured, ...unusable].sort((a, b) => (a.accountName < b.accountName ? -1 : 1))
  }

  /** Asks connections that were silent for so long for a sign of life; gives those that owe one. */
  askSilent(afterMs: number): (UnansweredConnection & { readonly accountName: string })[] {
    return [...this.#workers.values()].flatMap((worker) => {
      const { accountName } = worker.account
      return worker.askSilent(afterMs).map((asked) => ({ ...asked, accountName }))
    })
  }

  /** Captures these accounts from now on, and no others. */
  setAccounts(accounts: readonly EnabledAccount[]): void {
    if (this.#stop.signal.aborted) return
    const wanted = new Set(accounts.map(({ accountId }) => accountId))
    for (const accountId of this.#unusable.keys()) {
      if (!wanted.has(accountId)) this.#unusable.delete(accountId)
    }
    for (const [accountId, worker] of this.#workers) {
      if (!wanted.has(accountId)) this.#end(worker)
    }
    for (const account of accounts) this.#set(account)
  }

  /** Whether any account is captured. */
  get hasBegun(): boolean {
    return this.#workers.size > 0
  }

  /** The accounts that are captured. */
  get accounts(): readonly EnabledAccount[] {
    return [...this.#workers.values()].map(({ account }) => account)
  }

  /** Captures these accounts before anything may be stored, as far as they are known. */
  setEarly(accounts: readonly EnabledAccount[]): void {
    if (this.#stop.signal.aborted || this.hasBegun) return
    for (const account of accounts) this.#set(account, true)
  }

  /** Once the database is there and before anything is stored: lets each worker of `setEarly` read the past. */
  async readPast(query: (read: () => Promise<void>) => Promise<void>): Promise<void> {
    for (const worker of this.#early) {
      await query(() => worker.readPast())
      worker.goOn()
    }
    this.#early.clear()
  }

  /** A gap of an account was recorded that its history may fill. */
  onRecorded(accountId: string): void {
    this.#workers.get(accountId)?.onRecorded()
  }

  /** Takes events that earlier processes left in the journal. */
  noteLeft(events: readonly GridEvent[]): void {
    for (const event of events) {
      if ('accountId' in event) this.#workers.get(event.accountId)?.noteLeft(event)
    }
  }

  /** Ends the capture of all accounts. */
  async close(): Promise<void> {
    this.#stop.abort()
    const workers = [...this.#workers.values()].map((worker) => worker.close())
    await Promise.all([...workers, ...this.#leaving])
  }

  #set(account: EnabledAccount, isEarly = false): void {
    const { accountId, userId } = account
    let worker = this.#workers.get(accountId)
    // What it captures would be the new owner's to read, and its key is the old one's.
    if (worker !== undefined && worker.account.userId !== userId) {
      this.#end(worker)
      worker = undefined
    }
    if (account.fault !== null) {
      // A worker goes on with the key that it has: only the one in the database cannot be read.
      if (worker === undefined) {
        this.#setUnusable(account, account.fault.code, account.fault.message)
      }
      return
    }
    if (worker?.account.credential.credentialId === account.credential.credentialId) return
    const fault = accountHostsFault(this.#context.config)
    if (fault !== null) {
      this.#setUnusable(account, fault.code, fault.message)
      return
    }
    this.#start(account, worker ?? null, isEarly)
  }

  #end(worker: AccountWorker): void {
    this.#workers.delete(worker.account.accountId)
    this.#context.log.changed(worker.account, 'is no longer captured')
    this.#leave(worker.close())
  }

  #start(account: UsableAccount, previous: AccountWorker | null, isEarly: boolean): void {
    let worker: AccountWorker
    try {
      worker = new AccountWorker(account, this.#context, previous)
    } catch (error) {
      // The adapter's message names the faulty part of the key without showing it.
      const { code = 'KEY_UNUSABLE', message } = error as { code?: string; message: string }
      this.#setUnusable(account, code, message)
      return
    }
    this.#unusable.delete(account.accountId)
    this.#workers.set(account.accountId, worker)
    this.#context.log.changed(account, previous === null ? 'is to be captured' : 'has another key')
    if (isEarly) {
      this.#early.add(worker)
      worker.startEarly()
    } else worker.start()
    if (previous !== null) this.#leave(this.#handOver(previous, worker))
  }

  /** Keeps the old key's worker until the newest worker is live, or the account is no longer wanted. */
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
    if (known?.code === code && known.account.userId === account.userId) return
    const since = nowMs(this.#context.clock)
    this.#unusable.set(account.accountId, { account, code, reason, since })
    this.#context.log.unusable(account, code, reason)
  }
}

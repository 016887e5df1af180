import { BybitRestClient, type UnansweredConnection } from '@grid/bybit-adapter'
import type { AccountStream, PrivateChannel } from '@grid/core-events'
import {
  type GridDatabase,
  InstrumentRepository,
  OperatorRepository,
  type SealedAccount,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../config/config.ts'
import type { DurableJournal } from '../journal/durable-journal.ts'
import type { JournalItem } from '../journal/format/items.ts'
import type { JournalPosition } from '../journal/format/position.ts'
import type { Logger } from '../log/log.ts'
import { queryAtStart } from '../log/query-or-warn.ts'
import type { StreamLog } from '../log/stream-log.ts'
import type { Moment } from '../pipeline/dropped-intervals.ts'
import type { RecordedGap } from '../pipeline/gap-recorder.ts'
import type { ReadFrame } from '../pipeline/recovery/catch-up.ts'
import type { KeptFile } from '../storage/kept-file.ts'
import { AccountCapture } from './account-capture.ts'
import { AccountFollower } from './account-follower.ts'
import { AccountHints } from './account-hints.ts'
import { AccountJournalPast, type NotedAccount } from './account-journal-past.ts'
import { AccountLog } from './account-log.ts'
import { type MissedSince, readMissedSince } from './account-past.ts'
import type { AccountStatus } from './account-status.ts'
import type { WorkerContext } from './account-worker.ts'
import { ExchangeCoins } from './exchange-coins.ts'
import { keptAccounts } from './kept-accounts.ts'
import { RemovedAccounts } from './removed-accounts.ts'
import { RunKeeper } from './run-keeper.ts'
import { rebindOldSecrets } from './secret-rebinder.ts'

/** What the capture of accounts is made of. */
export interface AccountServiceOptions extends Omit<WorkerContext, 'coins' | 'config' | 'log'> {
  readonly config: Config
  readonly journal: WorkerContext['journal'] &
    Partial<Pick<DurableJournal, 'firstOfProcess' | 'forget'>>
  readonly log: Logger
  readonly streamLog: StreamLog
}

/**
 * The capture of accounts: follows the enabled accounts, runs a worker for each, and attributes
 * events to runs. Without accounts it does nothing and needs no encryption keys.
 */
export class AccountService {
  readonly #capture: AccountCapture
  readonly #follower: AccountFollower
  readonly #hints: AccountHints | null
  readonly #runs: RunKeeper
  readonly #forgetting: RemovedAccounts
  readonly #rebind: (signal: AbortSignal) => Promise<void>
  readonly #stop = new AbortController()
  readonly #operator: OperatorRepository
  readonly #db: Kysely<GridDatabase>
  readonly #firstOfProcess: JournalPosition
  /** Null where the journal cannot be read. */
  readonly #past: AccountJournalPast | null
  /** Null with an embedded database, which is never away. */
  readonly #kept: KeptFile<readonly SealedAccount[]> | null
  readonly #atStart: Pick<AccountServiceOptions, 'clock' | 'log'>

  constructor({ streamLog, log, ...context }: AccountServiceOptions) {
    const { config, clock, db } = context
    const accountLog = new AccountLog(log, streamLog)
    const keys = config.encryptionKeys ?? null
    const operator = new OperatorRepository(db, { keys })
    const { environment, restUrl } = config
    this.#operator = operator
    this.#db = db
    const { firstOfProcess } = context.journal
    this.#firstOfProcess = firstOfProcess ?? 0
    this.#past =
      firstOfProcess === undefined
        ? null
        : new AccountJournalPast({
            firstOfProcess,
            isCaptured: (accountId) =>
              this.#capture.accounts.some((account) => account.accountId === accountId),
            missedSince: (account) => this.#missedSince(account),
            onGap: (gap) => context.pipeline.acceptGap(gap),
          })
    this.#atStart = { clock, log }
    const isEmbedded = config.databaseUrl.startsWith('pglite:')
    this.#kept = isEmbedded ? null : keptAccounts(config, { clock, log })
    const coins = new ExchangeCoins({
      client: new BybitRestClient({ environment, restUrl, clock }),
      clock,
      instruments: new InstrumentRepository(db),
      collector: config.collector,
    })
    this.#forgetting = new RemovedAccounts({ clock, journal: context.journal, log })
    this.#capture = new AccountCapture({ ...context, coins, log: accountLog })
    this.#follower = new AccountFollower({
      clock,
      load: async () => {
        accountLog.strays(await operator.strayAccounts())
        const sealed = await operator.allSealedAccounts()
        if (sealed.length > 0) this.#kept?.keep(sealed)
        else this.#kept?.forget()
        this.#forgetting.set(await operator.removedAccounts())
        return operator.openAccounts(sealed)
      },
      onAccounts: (accounts) => this.#capture.setAccounts(accounts),
      onRetry: accountLog.listRetry,
    })
    // No other process can open an embedded database, so none can change its accounts.
    this.#hints = isEmbedded
      ? null
      : new AccountHints({
          databaseUrl: config.databaseUrl,
          clock,
          onHint: () => this.#follower.hint(),
        })
    this.#runs = new RunKeeper({ operator, clock, log, runTimeoutMs: config.runTimeout })
    this.#rebind = (signal) =>
      keys === null ? Promise.resolve() : rebindOldSecrets({ operator, clock, log }, signal)
  }

  /** The state of every account's capture. */
  statuses(): readonly AccountStatus[] {
    return this.#capture.statuses()
  }

  /** Asks connections that were silent for so long for a sign of life; gives those that owe one. */
  askSilent(afterMs: number): (UnansweredConnection & { readonly accountName: string })[] {
    return this.#capture.askSilent(afterMs)
  }

  /** Takes an item that is read from the journal; a promise must be awaited before the next. */
  onJournalItem(item: JournalItem, frame: ReadFrame | null): Promise<unknown> | null {
    if (frame !== null && item.position < this.#firstOfProcess) {
      this.#capture.noteLeft(frame.events)
    }
    return this.#past?.onItem(item) ?? null
  }

  /** A gap was recorded: by a socket, because items were dropped, or because the journal cannot give them back. */
  onGap({ gap, state }: RecordedGap): void {
    if (state === 'open' && 'accountId' in gap) this.#capture.onRecorded(gap.accountId)
  }

  /** What an earlier process captured whose records are being read. */
  formerStreams(): readonly AccountStream[] {
    return this.#past?.streams ?? []
  }

  /** When events of each account's channel were last stored, as far as that is known. */
  async lastStored(channel: PrivateChannel): Promise<readonly Moment[]> {
    const moments: Moment[] = []
    for (const account of this.#capture.accounts) {
      const { [channel]: ts } = await readMissedSince(this.#db, account)
      if (ts !== undefined) moments.push({ accountId: account.accountId, channel, ts })
    }
    return moments
  }

  /** Why it is not known which accounts are to be captured; null when it is. */
  get unknown(): string | null {
    return this.#follower.unknown
  }

  /** Captures the accounts that the database last had, if an earlier process kept them: it is away. */
  startEarly(): void {
    const kept = this.#kept?.read() ?? null
    if (kept === null || this.#stop.signal.aborted) return
    const { value, keptAt } = kept
    this.#atStart.log.warn(
      { code: 'ACCOUNTS_KEPT', accounts: value.length, keptAt: new Date(keptAt).toISOString() },
      'the database is away: capturing the accounts that it had when it last answered',
    )
    this.#capture.setEarly(this.#operator.openAccounts(value))
  }

  /**
   * Reads how the capture of each account ended before this process, once the database is ready and before
   * anything is stored: what earlier processes left in the journal would hide what they missed. Tries again while
   * the database is away. Never rejects.
   */
  async readPast(signal: AbortSignal): Promise<void> {
    const atStart = { ...this.#atStart, signal }
    if (!this.#capture.hasBegun) {
      await queryAtStart(atStart, async () => {
        const sealed = await this.#operator.allSealedAccounts()
        this.#capture.setEarly(this.#operator.openAccounts(sealed))
      })
    }
    await this.#capture.readPast((read) => queryAtStart(atStart, read))
  }

  /** Begins to follow the accounts, once the database is ready. */
  start(): void {
    const { signal } = this.#stop
    // Each goes on after any failure. None is waited for at the end: a database may never answer.
    void this.#follower.run(signal)
    void this.#hints?.run(signal)
    void this.#runs.run(signal)
    void this.#forgetting.run(signal)
    void this.#rebind(signal)
  }

  async #missedSince(account: NotedAccount): Promise<MissedSince> {
    let since: MissedSince = {}
    await queryAtStart({ ...this.#atStart, signal: this.#stop.signal }, async () => {
      since = await readMissedSince(this.#db, account)
    })
    return since
  }

  /** Ends the capture; resolves when no socket is left. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#capture.close()
    await this.#kept?.settled()
  }
}

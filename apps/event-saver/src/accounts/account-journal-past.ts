import {
  type AccountStream,
  type CaptureGap,
  PRIVATE_CHANNELS,
  type PrivateChannel,
} from '@grid/core-events'
import type { Account } from '@grid/db'
import type { JournalItem, JournalNote } from '../journal/format/items.ts'
import type { JournalPosition } from '../journal/format/position.ts'
import type { MissedSince } from './account-past.ts'

/** What of an account a note names. */
export type NotedAccount = Pick<Account, 'userId' | 'accountId' | 'createdAt'>

/** What is told of the accounts of earlier processes. */
export interface AccountJournalPastOptions {
  /** The first record of this process. */
  readonly firstOfProcess: JournalPosition
  /** Whether an account is captured now: then its own worker knows what it has missed. */
  readonly isCaptured: (accountId: string) => boolean
  /** Since when events of an account may have been missed, by what is stored of it. Never rejects. */
  readonly missedSince: (account: NotedAccount) => Promise<MissedSince>
  readonly onGap: (gap: CaptureGap) => void
}

/** The note that a channel of an account has begun to deliver. */
export function accountLiveNote(account: NotedAccount, channel: PrivateChannel): JournalNote {
  const { accountId, createdAt, userId } = account
  return { type: 'account_live', channel, account: { accountId, createdAt, userId } }
}

/**
 * Finds what was missed before earlier processes of accounts that are captured no longer: a process that began while
 * the database was away, and never saw it, could not tell.
 */
export class AccountJournalPast {
  readonly #options: AccountJournalPastOptions
  /** Channels of accounts that the process which is being read has begun to capture. */
  readonly #begun = new Map<string, AccountStream>()
  #seen: JournalPosition = -1

  constructor(options: AccountJournalPastOptions) {
    this.#options = options
  }

  /** The accounts' channels that the process which is being read captured, as far as it was read. */
  get streams(): readonly AccountStream[] {
    return [...this.#begun.values()]
  }

  /** Takes the next item of a reading; a promise must be awaited before the next. */
  onItem(item: JournalItem): Promise<unknown> | null {
    const { firstOfProcess, isCaptured } = this.#options
    if (item.position <= this.#seen) return null
    if (item.position >= firstOfProcess) {
      this.#begun.clear()
      return null
    }
    this.#seen = item.position
    if (item.kind === 'boot') this.#begun.clear()
    if (item.kind !== 'note' || item.note.type !== 'account_live') return null
    // Sound: only `accountLiveNote` makes such notes.
    const account = item.note['account'] as unknown as NotedAccount
    const channel = PRIVATE_CHANNELS.find((name) => name === item.note['channel'])
    const key = `${account.accountId} ${channel}`
    if (channel === undefined || this.#begun.has(key)) return null
    this.#begun.set(key, { accountId: account.accountId, channel })
    if (isCaptured(account.accountId)) return null
    return this.#judge(account, channel, Math.floor(item.localTsUs / 1000))
  }

  async #judge(account: NotedAccount, channel: PrivateChannel, endTs: number): Promise<void> {
    const { missedSince, onGap } = this.#options
    const { [channel]: startTs } = await missedSince(account)
    if (startTs === undefined || startTs >= endTs) return
    onGap({ accountId: account.accountId, channel, startTs, endTs, reason: 'start' })
  }
}

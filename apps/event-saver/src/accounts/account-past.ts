import {
  CHANNEL_DEFINITIONS,
  type OrderEvent,
  type PositionEvent,
  PRIVATE_CHANNELS,
  type PrivateChannel,
  type WalletEvent,
} from '@grid/core-events'
import type { EnabledAccount, GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import { ACCOUNT_REPOSITORIES } from '../pipeline/writers/channel-stores.ts'

/** By channel, the time since which events may have been missed, in epoch milliseconds. */
export type MissedSince = Readonly<Partial<Record<PrivateChannel, number>>>

/** What is stored of an account from before this process. */
export interface AccountPast {
  readonly missedSince: MissedSince
  /** The newest state of every leg. */
  readonly legs: readonly PositionEvent[]
  /** Orders that were open. */
  readonly orders: readonly OrderEvent[]
  /** The newest state of every coin. */
  readonly coins: readonly WalletEvent[]
}

/** A new account's first gap begins a little earlier: the database's clock is not the exchange's. */
const CLOCK_MARGIN_MS = 5000

/**
 * Reads how the capture of an account ended before this process, and what was open then. What was missed is judged by
 * what was received before a time, in epoch microseconds; default: by all that is stored.
 */
export async function readAccountPast(
  db: Kysely<GridDatabase>,
  account: EnabledAccount,
  receivedBeforeUs?: number,
): Promise<AccountPast> {
  const { userId, accountId } = account
  const scope = { userId }
  return {
    missedSince: await readMissedSince(db, account, receivedBeforeUs),
    legs: await ACCOUNT_REPOSITORIES.position(db).latest(scope, { accountId }),
    orders: await ACCOUNT_REPOSITORIES.order(db).listOpen(scope, { accountId }),
    coins: await ACCOUNT_REPOSITORIES.wallet(db).latest(scope, { accountId }),
  }
}

/** Reads since when events of an account may have been missed, by what is stored of it. */
export async function readMissedSince(
  db: Kysely<GridDatabase>,
  { userId, accountId, createdAt }: Pick<EnabledAccount, 'userId' | 'accountId' | 'createdAt'>,
  receivedBeforeUs?: number,
): Promise<MissedSince> {
  const query = { accountId, receivedBeforeUs }
  const lastTs: Partial<Record<PrivateChannel, number>> = {}
  for (const channel of PRIVATE_CHANNELS) {
    const ts = await ACCOUNT_REPOSITORIES[channel](db).lastTs({ userId }, query)
    if (ts !== null) lastTs[channel] = ts
  }
  return missedSince(lastTs, createdAt - CLOCK_MARGIN_MS)
}

/**
 * A channel may have missed events since its last stored one. One with no rows may have missed them
 * since the account was added, if the exchange keeps its history. Otherwise it counts as covered up to
 * the newest row of the others, because all channels share a socket.
 */
function missedSince(
  lastTs: Readonly<Partial<Record<PrivateChannel, number>>>,
  addedMs: number,
): MissedSince {
  const stored = Object.values(lastTs)
  const newest = stored.length === 0 ? undefined : Math.max(...stored)
  const since: Partial<Record<PrivateChannel, number>> = {}
  for (const channel of PRIVATE_CHANNELS) {
    const hasHistory = CHANNEL_DEFINITIONS[channel].history === 'all'
    const ts = lastTs[channel] ?? (hasHistory ? addedMs : newest)
    if (ts !== undefined) since[channel] = ts
  }
  return since
}

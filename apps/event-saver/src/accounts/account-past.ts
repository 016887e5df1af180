import type { OrderEvent, PositionEvent, PrivateChannel } from '@grid/core-events'
import {
  type EnabledAccount,
  ExecutionRepository,
  type GridDatabase,
  OrderRepository,
  PositionSnapshotRepository,
  WalletSnapshotRepository,
} from '@grid/db'
import type { Kysely } from 'kysely'

/** When each channel of an account was last stored, in epoch milliseconds. */
export interface AccountPast {
  readonly lastTs: Readonly<Partial<Record<PrivateChannel, number>>>
}

/** Reads what is stored of an account: the end of each channel, and what was open. */
export async function readAccountPast(
  db: Kysely<GridDatabase>,
  { userId, accountId }: EnabledAccount,
): Promise<
  AccountPast & { readonly legs: readonly PositionEvent[]; readonly orders: readonly OrderEvent[] }
> {
  const scope = { userId }
  const repositories = {
    execution: new ExecutionRepository(db),
    order: new OrderRepository(db),
    position: new PositionSnapshotRepository(db),
    wallet: new WalletSnapshotRepository(db),
  }
  const lastTs: Partial<Record<PrivateChannel, number>> = {}
  for (const [channel, repository] of Object.entries(repositories)) {
    const ts = await repository.lastTs(scope, { accountId })
    if (ts !== null) lastTs[channel as PrivateChannel] = ts
  }
  return {
    lastTs,
    legs: await repositories.position.latest(scope, { accountId }),
    orders: await repositories.order.listOpen(scope, { accountId }),
  }
}

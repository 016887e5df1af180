import type { Channel, GridEvent, PrivateChannel } from '@grid/core-events'
import {
  type BulkInsertOptions,
  type BulkInsertResult,
  ExecutionRepository,
  type GridDatabase,
  marketRepository,
  OrderRepository,
  PositionSnapshotRepository,
  WalletSnapshotRepository,
} from '@grid/db'
import type { Kysely } from 'kysely'

/** What a channel's writer needs of its repository. */
export interface ChannelStore {
  bulkInsert(
    events: readonly GridEvent[],
    options?: BulkInsertOptions<GridEvent>,
  ): Promise<BulkInsertResult<GridEvent>>
}

/** The repository of each channel of an account. */
interface AccountRepositories {
  readonly execution: ExecutionRepository
  readonly order: OrderRepository
  readonly position: PositionSnapshotRepository
  readonly wallet: WalletSnapshotRepository
}

/** Makes the repository of each channel of an account: the one place where a new one is listed. */
export const ACCOUNT_REPOSITORIES: {
  readonly [Name in PrivateChannel]: (db: Kysely<GridDatabase>) => AccountRepositories[Name]
} = {
  execution: (db) => new ExecutionRepository(db),
  order: (db) => new OrderRepository(db),
  position: (db) => new PositionSnapshotRepository(db),
  wallet: (db) => new WalletSnapshotRepository(db),
}

/** The repository of a channel. */
export function channelStore(db: Kysely<GridDatabase>, channel: Channel): ChannelStore {
  const repository = isOfAccounts(channel)
    ? ACCOUNT_REPOSITORIES[channel](db)
    : marketRepository(db, channel)
  // Sound: a channel's store is only ever given that channel's events.
  return repository as ChannelStore
}

function isOfAccounts(channel: Channel): channel is PrivateChannel {
  return Object.hasOwn(ACCOUNT_REPOSITORIES, channel)
}

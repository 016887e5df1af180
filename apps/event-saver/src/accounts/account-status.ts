import type { PrivateStreamStatus, TopicStatus } from '@grid/bybit-adapter'
import type { PrivateChannel } from '@grid/core-events'

/**
 * How an account's capture stands.
 *
 * | state | meaning |
 * |---|---|
 * | `connecting` | the exchange is not reached, or has not let the key in yet |
 * | `live` | every channel is captured, but for those that are refused |
 * | `refused` | the exchange refuses the key; it is tried again more and more seldom |
 * | `unusable` | the account has no key that can be used; nothing is tried until that changes |
 */
export type AccountState = 'connecting' | 'live' | 'refused' | 'unusable'

/** What a saver says of one account. */
export interface AccountStatus {
  readonly accountId: string
  readonly accountName: string
  readonly userId: string
  readonly state: AccountState
  /** Why it is not live, as a stable code; null when it is. */
  readonly code: string | null
  readonly reason: string | null
  /** Since when it has been so, in epoch milliseconds. */
  readonly since: number
  readonly topics: readonly TopicStatus<PrivateChannel>[]
  /** When wallet, positions and orders were last read whole, in epoch milliseconds; null if never. */
  readonly snapshotAt: number | null
}

/** What was last heard of an account's key. */
export interface AccountVerdict {
  readonly state: AccountState
  readonly code: string | null
  readonly reason: string | null
}

/** What a verdict looks at beside the status. */
interface StreamState {
  /** Whether every channel is live or refused. */
  readonly isWhole: boolean
  /** Whether the key is refused: then a connection that ends says nothing new, as each attempt's does. */
  readonly isKeyRefused: boolean
}

/** The verdict after a status of the stream; null when it changes nothing. */
export function verdictOf(
  status: PrivateStreamStatus,
  { isWhole, isKeyRefused }: StreamState,
): AccountVerdict | null {
  switch (status.type) {
    case 'key_refused':
      return { state: 'refused', code: status.code, reason: status.reason }
    case 'connect_failed':
      return isKeyRefused ? null : lost('CONNECT_FAILED', status.error)
    case 'closed':
      return isKeyRefused ? null : lost('CONNECTION_CLOSED', status.reason)
    case 'live':
    case 'refused':
      return isWhole ? { state: 'live', code: null, reason: null } : null
    default:
      return null
  }
}

function lost(code: string, reason: string | null): AccountVerdict {
  return { state: 'connecting', code, reason }
}

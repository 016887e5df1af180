import type { PrivateStreamStatus, TopicStatus } from '@grid/bybit-adapter'
import type { PrivateChannel } from '@grid/core-events'

/**
 * The state of an account's capture.
 *
 * | state | meaning |
 * |---|---|
 * | `connecting` | the exchange is not reached, or has not accepted the key yet |
 * | `live` | every channel is captured, except those that the exchange refuses |
 * | `refused` | the exchange refuses the key; it is tried again at growing intervals |
 * | `unusable` | the account has no usable key; nothing is tried until that changes |
 */
export type AccountState = 'connecting' | 'live' | 'refused' | 'unusable'

/** The status of one account. */
export interface AccountStatus {
  readonly accountId: string
  readonly accountName: string
  readonly userId: string
  readonly state: AccountState
  /** Why it is not live, as a stable code; null when it is. */
  readonly code: string | null
  readonly reason: string | null
  /** Since when it has this state and code, in epoch milliseconds. */
  readonly since: number
  readonly topics: readonly TopicStatus<PrivateChannel>[]
  /**
   * When wallet, positions and orders were last read, but for the lists that are `unread`, in epoch milliseconds; null
   * if never.
   */
  readonly snapshotAt: number | null
  /** Lists that the exchange refused when they were last asked for, such as `spot orders`. */
  readonly unread: readonly string[]
}

/** The state that the latest statuses of a stream amount to. */
export interface AccountVerdict {
  readonly state: AccountState
  readonly code: string | null
  readonly reason: string | null
}

/** What a verdict depends on beside the status. */
interface StreamState {
  /** Whether every channel is live or refused. */
  readonly isWhole: boolean
  /** Whether the key is refused. The exchange then ends every connection, which says nothing new. */
  readonly isKeyRefused: boolean
}

/** The verdict after a status of the stream; null when the status changes nothing. */
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

import type { Channel, PublicChannel } from '@grid/core-events'
import type { WantedTopic } from '../../channels/topics.ts'

/**
 * Whether a topic delivers.
 *
 * | state | meaning |
 * |---|---|
 * | `pending` | asked for, or waiting for a connection |
 * | `live` | delivers |
 * | `unproven` | acknowledged but silent so far, on a socket whose acks prove nothing (options) |
 * | `refused` | the exchange refuses it, or it never came to life |
 */
export type TopicState = 'pending' | 'live' | 'unproven' | 'refused'

/** Where one wanted topic stands. */
export interface TopicStatus<Name extends Channel = PublicChannel> extends WantedTopic<Name> {
  readonly state: TopicState
  /** The exchange's words, if it is refused; else null. */
  readonly reason: string | null
  /** Since when it has been in this state, in epoch milliseconds. */
  readonly sinceTs: number
  /** Receive time of its newest data in epoch microseconds; null if there was none. */
  readonly lastEventAtUs: number | null
}

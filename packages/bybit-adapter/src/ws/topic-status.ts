import type { WantedTopic } from '../channels/registry.ts'

/** Whether a topic delivers. */
export type TopicState = 'pending' | 'live' | 'refused'

/** Where one wanted topic stands. */
export interface TopicStatus extends WantedTopic {
  readonly state: TopicState
  /** The exchange's words when refused. */
  readonly reason: string | null
  /** Since when it has been in this state, in epoch milliseconds. */
  readonly sinceTs: number
  /** Receive time of its newest data, in epoch microseconds; null when there was none. */
  readonly lastEventAtUs: number | null
}

import type { Channel } from '@grid/core-events'
import type { WantedTopic } from '../../channels/topics.ts'
import type { TopicState, TopicStatus } from '../stream/topic-status.ts'

/** A wanted topic and the state of its subscription on one connection. */
export interface SubscribedTopic<Name extends Channel> extends WantedTopic<Name> {
  state: TopicState
  reason: string | null
  sinceTs: number
  lastEventAtUs: number | null
  /** Acknowledged on the present socket. */
  isAcked: boolean
  /** Asked for again on the present socket, because no data came. */
  isResubscribed: boolean
  /** A socket was given up while this topic was pending. */
  isSuspect: boolean
}

/** A topic that was never asked for. */
export function newTopic<Name extends Channel>(
  wanted: WantedTopic<Name>,
  sinceTs: number,
): SubscribedTopic<Name> {
  return {
    ...wanted,
    state: 'pending',
    reason: null,
    sinceTs,
    lastEventAtUs: null,
    isAcked: false,
    isResubscribed: false,
    isSuspect: false,
  }
}

/** The public part of a topic, as it is now. */
export function statusOf<Name extends Channel>(topic: SubscribedTopic<Name>): TopicStatus<Name> {
  const {
    topic: name,
    channel,
    symbol,
    variant,
    proof,
    state,
    reason,
    sinceTs,
    lastEventAtUs,
  } = topic
  const wanted = { topic: name, channel, symbol, ...(variant !== undefined && { variant }), proof }
  return { ...wanted, state, reason, sinceTs, lastEventAtUs }
}

import type { Gap, PrivateGap } from '@grid/core-events'
import type { KeyFaultCode } from '../../auth/key-fault.ts'

/** What one connection tells: how it comes about and how it ends. */
export type ConnectionStatus =
  /** A connection is being opened; `attempt` counts from 1 since the last one that served. */
  | { readonly type: 'connecting'; readonly url: string; readonly attempt: number }
  /** Too many connections were opened lately: the next one waits. */
  | { readonly type: 'budget_wait'; readonly waitMs: number }
  /** The connection failed; `httpStatus` is set when the server answered with something else. */
  | {
      readonly type: 'connect_failed'
      readonly attempt: number
      readonly error: string
      readonly httpStatus: number | null
      readonly retryInMs: number
    }
  /** A socket is open and topics are being subscribed; `connection` counts from 1 in the stream. */
  | { readonly type: 'open'; readonly connection: number }
  /** No frame came within the deadline after a ping: the socket is cut. */
  | { readonly type: 'stale'; readonly connection: number; readonly silentForMs: number }
  /** A socket that cannot be repaired is given up. */
  | { readonly type: 'recycling'; readonly connection: number; readonly reason: string }
  /** The socket is closed; the code is 1006 without a close frame. */
  | {
      readonly type: 'closed'
      readonly connection: number
      readonly code: number
      readonly reason: string
      readonly retryInMs: number
    }

/** What becomes of subscriptions. */
export type SubscriptionStatus =
  /** The exchange acknowledged these topics. */
  | { readonly type: 'subscribed'; readonly topics: readonly string[] }
  /** The topic delivers from here on. */
  | { readonly type: 'live'; readonly topic: string }
  /** An option socket acknowledged the topic, which proves nothing, and has sent no data of it. */
  | { readonly type: 'unproven'; readonly topic: string }
  /** The exchange refuses the topic; it is asked for again at each reconnect and every 5 minutes. */
  | { readonly type: 'refused'; readonly topic: string; readonly reason: string }
  /** These topics are asked for again. */
  | { readonly type: 'resubscribing'; readonly topics: readonly string[]; readonly reason: string }
  /** These topics are no longer wanted. */
  | { readonly type: 'unsubscribed'; readonly topics: readonly string[] }

/** What a connection with its subscriptions tells. */
export type LinkStatus =
  | ConnectionStatus
  | SubscriptionStatus
  /** The exchange sent something that is neither data nor an answer to a request of ours. */
  | { readonly type: 'unexpected_control'; readonly text: string }

/** What the owner of a stream causes. */
type OwnerStatus =
  /** A listener threw; the others were called all the same. */
  | { readonly type: 'listener_fault'; readonly event: string; readonly error: unknown }
  /** The owner is closing the stream. */
  | { readonly type: 'closing' }
  /** The last status: nothing of the stream is left. */
  | { readonly type: 'stopped' }

/**
 * What is done about a silent topic, each step when the one before did not help: subscribe it anew,
 * replace its connection, move it to another connection, wait.
 */
export type SilenceStep = 'resubscribe' | 'reconnect' | 'another_connection' | 'wait'

/**
 * What a public stream tells about itself, to be switched on by `type`.
 *
 * Instants are epoch milliseconds, spans are milliseconds.
 */
export type StreamStatus =
  | LinkStatus
  | OwnerStatus
  /** A connection was replaced by a newer one while both delivered: nothing was missed. */
  | { readonly type: 'rotated'; readonly from: number; readonly to: number }
  /** A connection could not be replaced and stays. */
  | { readonly type: 'rotation_failed'; readonly connection: number; readonly reason: string }
  /** A topic is silent while other topics of its symbol speak; `step` is the cure that is tried. */
  | {
      readonly type: 'silent_topic'
      readonly topic: string
      readonly silentForMs: number
      readonly step: SilenceStep
    }
  /** A topic is back: between these bounds events of it may have been missed. */
  | { readonly type: 'gap'; readonly gap: Gap }

/**
 * What a private stream tells about itself, to be switched on by `type`: what a public stream does,
 * except for rotation and silence, and what becomes of its key.
 *
 * Instants are epoch milliseconds, spans are milliseconds.
 */
export type PrivateStreamStatus =
  | Exclude<LinkStatus, { readonly type: 'refused' | 'unproven' }>
  | OwnerStatus
  /** The key was let in. `clockOffsetMs`: how far the exchange's clock is ahead; null if it is not known. */
  | {
      readonly type: 'authenticated'
      readonly connection: number
      readonly clockOffsetMs: number | null
    }
  /**
   * The exchange refuses the key; the network is not at fault. `attempt` counts the refusals in a
   * row. Nothing is captured; the next attempt is in `retryInMs`, one minute at first, an hour at most.
   */
  | {
      readonly type: 'key_refused'
      readonly code: KeyFaultCode
      readonly reason: string
      readonly attempt: number
      readonly retryInMs: number
    }
  /**
   * The exchange refuses the topic; it is asked for again at each reconnect and every 5 minutes. The
   * code is `PERMISSION_DENIED` where the key may not read it.
   */
  | {
      readonly type: 'refused'
      readonly topic: string
      readonly code: 'PERMISSION_DENIED' | 'REFUSED'
      readonly reason: string
    }
  /** A channel is back: between these bounds events of it may have been missed. */
  | { readonly type: 'gap'; readonly gap: PrivateGap }

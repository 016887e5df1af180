import type { Gap, PrivateGap } from '@grid/core-events'
import type { KeyFaultCode } from '../../auth/key-fault.ts'

/**
 * What is done about a silent topic, each step when the one before did not help: subscribe it anew,
 * replace its connection, move it to a connection of its own, wait.
 */
export type SilenceStep = 'resubscribe' | 'reconnect' | 'another_connection' | 'wait'

/**
 * What a stream tells about itself, to be switched on by `type`.
 *
 * Instants are epoch milliseconds, spans are milliseconds.
 */
export type StreamStatus =
  /** A connection is being opened; `attempt` counts from 1 since the last useful one. */
  | { readonly type: 'connecting'; readonly url: string; readonly attempt: number }
  /** Too many connections were opened of late; the next waits. */
  | { readonly type: 'budget_wait'; readonly waitMs: number }
  /** No connection came about; `httpStatus` is set when the server answered with something else. */
  | {
      readonly type: 'connect_failed'
      readonly attempt: number
      readonly error: string
      readonly httpStatus: number | null
      readonly retryInMs: number
    }
  /** A socket is open and topics are being subscribed; `connection` counts from 1 in the stream. */
  | { readonly type: 'open'; readonly connection: number }
  /** The exchange acknowledged these topics. */
  | { readonly type: 'subscribed'; readonly topics: readonly string[] }
  /** The topic delivers from here on. */
  | { readonly type: 'live'; readonly topic: string }
  /** An option socket acknowledged the topic, which proves nothing, and sent no data of it so far. */
  | { readonly type: 'unproven'; readonly topic: string }
  /** The exchange refuses the topic; it is asked for again at each reconnect and every 5 minutes. */
  | { readonly type: 'refused'; readonly topic: string; readonly reason: string }
  /** These topics are asked for again. */
  | { readonly type: 'resubscribing'; readonly topics: readonly string[]; readonly reason: string }
  /** These topics are wanted no more. */
  | { readonly type: 'unsubscribed'; readonly topics: readonly string[] }
  /** The exchange said something that is neither data nor an answer to a request of ours. */
  | { readonly type: 'unexpected_control'; readonly text: string }
  /** Not a single frame within the deadline after a ping: the socket is cut. */
  | { readonly type: 'stale'; readonly connection: number; readonly silentForMs: number }
  /** We give up a socket that cannot be repaired. */
  | { readonly type: 'recycling'; readonly connection: number; readonly reason: string }
  /** The socket is closed; 1006 without a close frame. */
  | {
      readonly type: 'closed'
      readonly connection: number
      readonly code: number
      readonly reason: string
      readonly retryInMs: number
    }
  /** A connection was replaced by a newer one while both delivered: nothing was missed. */
  | { readonly type: 'rotated'; readonly from: number; readonly to: number }
  /** A connection could not be replaced and stays. */
  | { readonly type: 'rotation_failed'; readonly connection: number; readonly reason: string }
  /** A topic is silent while other streams of its symbol talk; `step` is the cure that is tried. */
  | {
      readonly type: 'silent_topic'
      readonly topic: string
      readonly silentForMs: number
      readonly step: SilenceStep
    }
  /** A topic is back: between these bounds events of it may have been missed. */
  | { readonly type: 'gap'; readonly gap: Gap }
  /** A listener threw; the others were called nonetheless. */
  | { readonly type: 'listener_fault'; readonly event: string; readonly error: unknown }
  /** The stream is being closed by its owner. */
  | { readonly type: 'closing' }
  /** The last status: nothing of the stream is left. */
  | { readonly type: 'stopped' }

/** What only public streams tell, or tell otherwise. */
type PublicOnly = 'gap' | 'refused' | 'rotated' | 'rotation_failed' | 'silent_topic' | 'unproven'

/**
 * What a private stream tells about itself, to be switched on by `type`: what a public stream does,
 * and what becomes of its key.
 *
 * Instants are epoch milliseconds, spans are milliseconds.
 */
export type PrivateStreamStatus =
  | Exclude<StreamStatus, { readonly type: PublicOnly }>
  /** The key was let in. `clockOffsetMs` is how far the exchange's clock is ahead; null if it could not be asked. */
  | {
      readonly type: 'authenticated'
      readonly connection: number
      readonly clockOffsetMs: number | null
    }
  /**
   * The key is refused, as no fault of the network's: `attempt` times in a row. Nothing is captured;
   * the next attempt is in `retryInMs`, one minute at first, an hour at last.
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
  /** A topic is back: between these bounds events of it may have been missed. */
  | { readonly type: 'gap'; readonly gap: PrivateGap }

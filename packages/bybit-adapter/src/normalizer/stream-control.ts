import type { JsonObject } from '@grid/core-events'

/**
 * What bears on the reading of a stream's frames besides the frames themselves, as plain JSON.
 *
 * It is told right before it takes effect. Told again in the same order, between the same frames, it
 * makes a replayer read each frame as it was read first.
 */
export type StreamControl =
  /**
   * A connection is open. Whatever outlives a connection, it takes over from its predecessor: from the
   * one before it on the same link, or from the one that it is to replace, which may deliver the same
   * for a while and then goes on sharing it. Null if there was none.
   */
  | {
      readonly type: 'opened'
      readonly connection: number
      readonly predecessor: number | null
    }
  /** These topics were asked for anew: what the exchange counts may begin anew as well. */
  | {
      readonly type: 'restarted'
      readonly connection: number
      readonly topics: readonly string[]
    }
  /** These topics are wanted no longer. The connection may be closed already. */
  | {
      readonly type: 'forgotten'
      readonly connection: number
      readonly topics: readonly string[]
    }
  /** A frame beyond the payload limit was refused; it has no `frame` event, and a place in the count. */
  | {
      readonly type: 'oversized'
      readonly connection: number
      readonly index: number
      readonly localTsUs: number
      readonly limitBytes: number
    }
  /** The connection gives no more frames; another may still take over from it. */
  | { readonly type: 'closed'; readonly connection: number }
  /** Nothing takes over from the connection any more. */
  | { readonly type: 'ended'; readonly connection: number }

/** What a private stream tells: its frames are read one by one, so that nothing is taken over. */
export type PrivateStreamControl = Extract<
  StreamControl,
  { readonly type: 'opened' | 'oversized' | 'closed' }
>

/** What is remembered of the frames of one connection, as plain JSON. */
export interface ConnectionCheckpoint {
  readonly connection: number
  /** A connection earlier in the list, whose memory this one shares in part; null for none. */
  readonly sharesWith: number | null
  /** What it does not share, by the prefix of topics. */
  readonly state: JsonObject
}

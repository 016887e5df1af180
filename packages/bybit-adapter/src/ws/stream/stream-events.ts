import type { Category, DeadLetter, PublicTradeEvent, TickerEvent } from '@grid/core-events'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import type { StreamStatus } from './stream-status.ts'

/** One WebSocket message that is not a control frame, as received. */
export interface Frame {
  readonly category: Category
  /** Exactly as received. A view of the socket's buffer: copy it to keep it for long. */
  readonly bytes: Uint8Array
  /** Receive time in epoch microseconds, stamped first thing in the socket handler. */
  readonly localTsUs: number
  /** Which connection of the stream it came on, from 1. */
  readonly connection: number
  /** Its position among the frames of that connection, from 0. */
  readonly index: number
}

/** A frame with all that became of it. */
export interface NormalizedFrame extends NormalizeResult {
  readonly frame: Frame
}

/** The events of a public stream, in the order in which one frame causes them. */
export interface PublicStreamEvents {
  /** Before the frame is understood: what a journal writes. */
  frame: Frame
  /**
   * Once a frame: what a writer consumes. A frame beyond the payload limit comes without a `frame`
   * event and with empty `bytes`, as they were never received.
   */
  normalized: NormalizedFrame
  ticker: TickerEvent
  publicTrade: PublicTradeEvent
  deadLetter: DeadLetter
  status: StreamStatus
}

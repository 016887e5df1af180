import type {
  Category,
  DeadLetter,
  PrivateChannelEvents,
  PrivateEvent,
  PublicChannelEvents,
} from '@grid/core-events'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import type { PrivateStreamStatus, StreamStatus } from './stream-status.ts'

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

/** A frame with everything that was read from it. */
export interface NormalizedFrame extends NormalizeResult {
  readonly frame: Frame
}

/** The events of a public stream, in the order in which one frame causes them: one a channel, and these. */
export interface PublicStreamEvents extends PublicChannelEvents {
  /** Before the frame is parsed: what a journal writes. */
  frame: Frame
  /**
   * Once a frame: what a writer consumes. A frame beyond the payload limit has no `frame` event and
   * empty `bytes` here, because it was never received whole.
   */
  normalized: NormalizedFrame
  deadLetter: DeadLetter
  status: StreamStatus
}

/** One message of an account's socket that is not a control frame, as received. */
export interface PrivateFrame extends Omit<Frame, 'category'> {
  readonly accountId: string
}

/** A frame of an account with everything that was read from it. */
export interface NormalizedPrivateFrame extends NormalizeResult<PrivateEvent> {
  readonly frame: PrivateFrame
}

/** The events of a private stream, in the order in which one frame causes them: one a channel, and these. */
export interface PrivateStreamEvents extends PrivateChannelEvents {
  /** Before the frame is parsed: what a journal writes. */
  frame: PrivateFrame
  /** Once a frame, as of a public stream. */
  normalized: NormalizedPrivateFrame
  deadLetter: DeadLetter
  status: PrivateStreamStatus
}

import type {
  Category,
  DeadLetter,
  PrivateChannelEvents,
  PrivateEvent,
  PublicChannelEvents,
} from '@grid/core-events'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import type { PrivateStreamControl, StreamControl } from '../../normalizer/stream-control.ts'
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
  /** True for a binary frame, which the exchange never sends; left out for texts. */
  readonly isBinary?: true
}

/** A frame with everything that was read from it. */
export interface NormalizedFrame extends NormalizeResult {
  readonly frame: Frame
}

/** The events of a public stream, in the order in which one frame causes them: one a channel, and these. */
export interface PublicStreamEvents extends PublicChannelEvents {
  /** Before the frame is read: what a journal writes. A checkpoint taken here is without it. */
  frame: Frame
  /**
   * Once a frame: what a writer consumes. A frame beyond the payload limit has no `frame` event and
   * empty `bytes` here, because it was never received whole.
   */
  normalized: NormalizedFrame
  /**
   * What else bears on the reading of frames, in exact order between them and right before it takes
   * effect: with it, a `FrameReplayer` reads them again. A checkpoint taken here is without it. Change
   * no symbols in a listener of this or of `frame`: that would take effect too early.
   */
  control: StreamControl
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
  /** Before the frame is read: what a journal writes. */
  frame: PrivateFrame
  /** Once a frame, as of a public stream. */
  normalized: NormalizedPrivateFrame
  /** Which connections there are, and frames that were refused: a `PrivateFrameReplayer` takes them. */
  control: PrivateStreamControl
  deadLetter: DeadLetter
  status: PrivateStreamStatus
}

import type {
  DeadLetter,
  ExecutionEvent,
  OrderEvent,
  PositionEvent,
  PrivateEvent,
  WalletEvent,
} from '@grid/core-events'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import type { PrivateStreamStatus } from './private-stream-status.ts'
import type { Frame } from './stream-events.ts'

/** One message of an account's socket that is not a control frame, as received. */
export interface PrivateFrame extends Omit<Frame, 'category'> {
  readonly accountId: string
}

/** A frame with all that became of it. */
export interface NormalizedPrivateFrame extends NormalizeResult<PrivateEvent> {
  readonly frame: PrivateFrame
}

/** The events of a private stream, in the order in which one frame causes them. */
export interface PrivateStreamEvents {
  /** Before the frame is understood: what a journal writes. */
  frame: PrivateFrame
  /**
   * Once a frame: what a writer consumes. A frame beyond the payload limit comes without a `frame`
   * event and with empty `bytes`, as they were never received.
   */
  normalized: NormalizedPrivateFrame
  execution: ExecutionEvent
  order: OrderEvent
  position: PositionEvent
  wallet: WalletEvent
  deadLetter: DeadLetter
  status: PrivateStreamStatus
}

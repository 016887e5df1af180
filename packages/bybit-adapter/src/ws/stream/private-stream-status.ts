import type { PrivateGap } from '@grid/core-events'
import type { KeyFaultCode } from '../../auth/key-fault.ts'
import type { StreamStatus } from './stream-status.ts'

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

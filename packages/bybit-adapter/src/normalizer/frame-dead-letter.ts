import type { Category, DeadLetter, DeadLetterCode, PublicChannel } from '@grid/core-events'
import type { NormalizeResult } from './normalize-result.ts'
import type { StreamControl } from './stream-control.ts'

/** Where a dead letter comes from. */
export interface Origin {
  readonly category: Category
  readonly channel: PublicChannel | null
  readonly topic: string | null
  readonly symbol: string | null
  readonly localTsUs: number
}

/** Makes the dead letter of an item or a whole frame that came over a socket. */
export function deadLetter(
  origin: Origin,
  code: DeadLetterCode,
  reason: string,
  raw: Uint8Array,
  field: string | null = null,
): DeadLetter {
  // A copy: a view would keep the socket's whole buffer in memory.
  return { ...origin, code, reason, field, source: 'ws', raw: new Uint8Array(raw) }
}

/** The origin of a frame that names no topic. */
export function unknownOrigin(category: Category, localTsUs: number): Origin {
  return { category, channel: null, topic: null, symbol: null, localTsUs }
}

/** A frame beyond the payload limit, which was never received whole. */
export type OversizedFrame = Extract<StreamControl, { readonly type: 'oversized' }>

/** Why a frame beyond the payload limit is refused. */
export function oversizedReason({ limitBytes }: OversizedFrame): string {
  return `the frame exceeds the limit of ${limitBytes} bytes`
}

/** Why a binary frame is refused. */
export const BINARY_REASON = 'the frame is binary'

/** What a public stream makes of a frame beyond the payload limit. */
export function refuseOversized(category: Category, frame: OversizedFrame): NormalizeResult<never> {
  const origin = unknownOrigin(category, frame.localTsUs)
  return refusedFrame(
    deadLetter(origin, 'FRAME_TOO_LARGE', oversizedReason(frame), new Uint8Array(0)),
  )
}

/** What a public stream makes of a binary frame. */
export function refuseBinary(
  category: Category,
  bytes: Uint8Array,
  localTsUs: number,
): NormalizeResult<never> {
  const origin = unknownOrigin(category, localTsUs)
  return refusedFrame(deadLetter(origin, 'FRAME_NOT_JSON', BINARY_REASON, bytes))
}

/** The result of a frame that is one dead letter. */
export function refusedFrame(letter: DeadLetter): NormalizeResult<never> {
  return { events: [], deadLetters: [letter], discarded: [] }
}

import type { Category, DeadLetter, DeadLetterCode, PublicChannel } from '@grid/core-events'

/** What is known of a dead letter's place before its reason is. */
export interface Origin {
  readonly category: Category
  readonly channel: PublicChannel | null
  readonly topic: string | null
  readonly symbol: string | null
  readonly localTsUs: number
}

/** Makes the dead letter of an item, or of a whole frame, that came over a socket. */
export function deadLetter(
  origin: Origin,
  code: DeadLetterCode,
  reason: string,
  raw: Uint8Array,
  field: string | null = null,
): DeadLetter {
  // A copy: the socket's buffers are larger than one item and are not ours to keep.
  return { ...origin, code, reason, field, source: 'ws', raw: new Uint8Array(raw) }
}

/** The origin of a frame that does not say where it belongs. */
export function unknownOrigin(category: Category, localTsUs: number): Origin {
  return { category, channel: null, topic: null, symbol: null, localTsUs }
}

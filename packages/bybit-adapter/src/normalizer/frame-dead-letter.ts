import type { Category, DeadLetter, DeadLetterCode, PublicChannel } from '@grid/core-events'

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

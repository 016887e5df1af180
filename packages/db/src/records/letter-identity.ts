import { createHash } from 'node:crypto'
import type { DeadLetter } from '@grid/core-events'

/**
 * What tells two dead letters apart: a hash of where the item came from, when it was received, what is wrong
 * with it, and its bytes.
 *
 * The receive time is that of the frame: the same bytes in two frames are two letters, and two equal items of
 * one frame are one. Neither the collector nor the wording of the reason counts.
 */
export function letterIdentity(letter: DeadLetter): Uint8Array {
  const { code, channel, category, accountId = null, topic, symbol, localTsUs, field, raw } = letter
  // JSON keeps the fields apart, and null from the text "null".
  const facts = [code, channel, category, accountId, topic, symbol, localTsUs, field]
  return createHash('sha256').update(JSON.stringify(facts)).update('\n').update(raw).digest()
}

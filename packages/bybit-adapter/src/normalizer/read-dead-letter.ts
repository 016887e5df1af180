import type { DeadLetter, GridEvent } from '@grid/core-events'
import { parseFrame } from '../wire/parsed-frame.ts'
import { isWireObject } from '../wire/wire.ts'
import { createNormalizer } from './frame-normalizer.ts'
import type { NormalizeResult } from './normalize-result.ts'
import type { PrivateFilter } from './private-filter.ts'
import { createPrivateNormalizer } from './private-normalizer.ts'

/** How dead letters are read again. */
export interface ReadDeadLetterOptions {
  /** Which events of accounts to keep. Default all. */
  readonly filter?: PrivateFilter
}

/**
 * Reads again what a dead letter keeps of a message, with this version's mapping.
 *
 * Gives null where the letter does not keep enough: the item of a message whose other parts it needs, such as
 * a ticker or a row of a reply, or a frame that was too large to be kept. What builds on messages before it,
 * as a ticker's delta does, is discarded as after a new connection, and trades have no match index (−1).
 *
 * Letters of events that the database refused hold an encoded event: `decodeEvent` reads them.
 *
 * @example
 * const { events = [], deadLetters = [] } = readDeadLetter(letter) ?? {}
 */
export function readDeadLetter(
  letter: DeadLetter,
  { filter }: ReadDeadLetterOptions = {},
): NormalizeResult<GridEvent> | null {
  const frame = frameOf(letter)
  if (frame === null) return null
  const { accountId, category, localTsUs } = letter
  if (typeof accountId === 'string') {
    const options = filter === undefined ? { accountId } : { accountId, filter }
    return createPrivateNormalizer(options).normalize(frame, localTsUs)
  }
  if (category === null) return null
  const result = createNormalizer({ category }).normalize(frame, localTsUs)
  // A frame made of one item is of the wrong form for topics whose data is no list.
  const isOfOtherForm = result.deadLetters.some(({ code }) => code === 'FRAME_MALFORMED')
  if (isOfOtherForm && frame !== letter.raw) return null
  // Alone, a trade does not tell how many of its match came before it.
  const events = result.events.map((event) =>
    'matchIndex' in event ? { ...event, matchIndex: -1 } : event,
  )
  return { ...result, events }
}

/** The frame that a letter keeps, or one made of its item; null where neither can be. */
function frameOf({ code, source, topic, raw }: DeadLetter): Uint8Array | null {
  if (source !== 'ws') return null
  if (code === 'FRAME_NOT_JSON' || code === 'FRAME_MALFORMED') return raw
  if (code !== 'ITEM_MALFORMED') return null
  const { value } = parseFrame(raw)
  // A fault of the frame's own fields keeps the whole frame.
  if (isWireObject(value) && typeof value['topic'] === 'string') return raw
  if (topic === null) return null
  const head = `{"topic":${JSON.stringify(topic)},"type":"snapshot","data":[`
  return Buffer.concat([Buffer.from(head), raw, Buffer.from(']}')])
}

import type { Category, PrivateChannel, PrivateChannelEvents } from '@grid/core-events'
import type { PrivateMapper } from '../../channels/account/private-mapper.ts'
import { PRIVATE_MAPPERS } from '../../channels/account/private-registry.ts'
import { mapEach } from '../../normalizer/private-items.ts'
import { isWireObject } from '../../wire/wire.ts'
import { malformedReply, type Reply } from '../http/reply.ts'
import type { RestPage } from './rest-list.ts'

/** Whose rows they are, and of which category the question was; null for wallets. */
export interface PrivateRowsOrigin {
  readonly accountId: string
  readonly category: Category | null
}

/** Channels whose rows have no time but the reply's, which identifies them. */
const TIMELESS: ReadonlySet<PrivateChannel> = new Set(['position', 'wallet'])

/**
 * Reads `result.list` of an account's data as the events that its socket gives for the same; a bad
 * row costs itself alone.
 *
 * Throws `RESPONSE_MALFORMED` when there is no list, no time where that identifies the rows, or
 * when it answers another question.
 */
export function readPrivateRows<Name extends PrivateChannel>(
  channel: Name,
  reply: Reply,
  origin: PrivateRowsOrigin,
): RestPage<PrivateChannelEvents[Name]> {
  if (reply.exchangeTs === null && TIMELESS.has(channel)) {
    throw malformedReply(reply.endpoint, 'time', null)
  }
  return readRows(PRIVATE_MAPPERS[channel], channel, reply, origin)
}

/** Reads `result.list` by any mapper, likewise. */
export function readRows<Item extends object>(
  map: PrivateMapper<Item>,
  channel: PrivateChannel | null,
  reply: Reply,
  { accountId, category }: PrivateRowsOrigin,
): RestPage<Item> {
  const { result, exchangeTs, localTsUs, isUtf8, endpoint } = reply
  if (!isWireObject(result)) throw malformedReply(endpoint, 'result', result)
  const { list, nextPageCursor } = result
  if (!Array.isArray(list)) throw malformedReply(endpoint, 'result.list', list)
  if (category !== null && (result['category'] || category) !== category) {
    throw malformedReply(endpoint, 'result.category', result['category'])
  }
  const time = { time: exchangeTs, exchangeTs, localTsUs }
  const { events, deadLetters } = mapEach(
    map,
    list,
    { accountId, category, ...time, source: 'rest' },
    { channel, topic: endpoint, path: ['result', 'list'], isUtf8, bytes: () => reply.bytes },
  )
  const cursor = typeof nextPageCursor === 'string' ? nextPageCursor : ''
  return { items: events, deadLetters, exchangeTs, localTsUs, cursor }
}

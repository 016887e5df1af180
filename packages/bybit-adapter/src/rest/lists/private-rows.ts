import type { Category, PrivateChannel, PrivateChannelEvents } from '@grid/core-events'
import type { PrivateMapper } from '../../channels/account/private-mapper.ts'
import { PRIVATE_MAPPERS } from '../../channels/account/private-registry.ts'
import { mapEach } from '../../normalizer/private-items.ts'
import { isWireObject } from '../../wire/wire.ts'
import { malformedReply, type Reply } from '../http/reply.ts'
import type { RestPage } from './rest-list.ts'

/** Whose rows they are, and the query's category; null if the query names none. */
export interface PrivateRowsOrigin {
  readonly accountId: string
  readonly category: Category | null
}

/** Channels whose rows are identified by the reply's time, because they have none of their own. */
const TIMELESS: ReadonlySet<PrivateChannel> = new Set(['position', 'wallet'])

/**
 * Reads `result.list` of an account's data as the events that its socket gives; a bad row costs no
 * other.
 *
 * Throws `RESPONSE_MALFORMED` if there is no list, if it is about another category, or if a time is
 * missing that identifies the rows.
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

/** Reads `result.list` by any mapper. */
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

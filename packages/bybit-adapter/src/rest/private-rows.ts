import type { Category, PrivateChannel, PrivateChannelEvents } from '@grid/core-events'
import { isWireObject } from '../channels/wire.ts'
import { mapElements } from '../normalizer/private-items.ts'
import { malformedReply, type Reply } from './reply.ts'
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
  { accountId, category }: PrivateRowsOrigin,
): RestPage<PrivateChannelEvents[Name]> {
  const { result, exchangeTs, localTsUs, isUtf8, endpoint } = reply
  if (!isWireObject(result)) throw malformedReply(endpoint, 'result', result)
  const { list, nextPageCursor } = result
  if (!Array.isArray(list)) throw malformedReply(endpoint, 'result.list', list)
  if (category !== null && (result['category'] || category) !== category) {
    throw malformedReply(endpoint, 'result.category', result['category'])
  }
  if (exchangeTs === null && TIMELESS.has(channel)) throw malformedReply(endpoint, 'time', null)
  const time = { time: exchangeTs, exchangeTs, localTsUs }
  const { events, deadLetters } = mapElements(
    channel,
    list,
    { accountId, category, ...time, source: 'rest' },
    {
      topic: endpoint,
      path: ['result', 'list'],
      isUtf8,
      bytes: () => reply.bytes,
    },
  )
  const cursor = typeof nextPageCursor === 'string' ? nextPageCursor : ''
  return { items: events, deadLetters, exchangeTs, localTsUs, cursor }
}

import {
  CATEGORIES,
  type Category,
  type PrivateChannel,
  type PrivateEvent,
} from '@grid/core-events'
import type { ItemFault } from '../../wire/item-fault.ts'
import { isWireObject } from '../../wire/wire.ts'
import { fault, type ItemReader, isFault } from './item-reader.ts'

/** What a mapper is told about an element's message or reply. */
export interface PrivateContext {
  readonly accountId: string
  /** The category of the topic or the query, for elements that name none. */
  readonly category: Category | null
  /** The message's `creationTime` or the reply's `time`, as received. */
  readonly time: unknown
  /** That time in epoch milliseconds; null if it is unreadable. */
  readonly exchangeTs: number | null
  readonly localTsUs: number
  readonly source: 'ws' | 'rest'
}

/** An item that yields no event. */
export interface RefusedItem {
  readonly fault: ItemFault
  /** Where the item lies in its element; empty for the element itself. */
  readonly path: readonly (string | number)[]
}

/**
 * Maps one element of a private message's `data`, or of a reply's `list`: both have the same form.
 *
 * An element is one item; a wallet's element is one item for each coin.
 */
export type PrivateMapper<Event extends object = PrivateEvent> = (
  element: unknown,
  context: PrivateContext,
) => readonly (Event | RefusedItem)[]

/** Maps an element that is one item about one instrument. */
export function mapInstrumentItem<Event extends PrivateEvent>(
  channel: PrivateChannel,
  reader: ItemReader,
  element: unknown,
  context: PrivateContext,
  complete: (event: Event) => Event,
): readonly (Event | RefusedItem)[] {
  if (!isWireObject(element)) return refused(fault(null, element, 'must be an object'))
  const read = reader.read(element)
  if (isFault(read)) return refused(read)
  const category = read.values['category'] ?? context.category
  if (category === null) {
    return refused(fault('category', undefined, `must be one of ${CATEGORIES.join(', ')}`))
  }
  const { accountId, localTsUs, source } = context
  const { values, extra } = read
  const event = { channel, accountId, localTsUs, source, ...values, category, extra }
  // Sound: the reader fills every field, each by the reader of its kind.
  return [complete(event as unknown as Event)]
}

/** The outcome for an element that cannot be used at all. */
export function refused(found: ItemFault): readonly RefusedItem[] {
  return [{ fault: found, path: [] }]
}

/** The outcome for an element that takes its message's time when the message has none. */
export function timeless({ time, source }: PrivateContext): readonly RefusedItem[] {
  const field = source === 'ws' ? 'creationTime' : 'time'
  const message = 'must be epoch milliseconds from 2019 to 2099'
  return refused({ field, inEnvelope: true, value: time, message })
}

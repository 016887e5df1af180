import { isUtf8 } from 'node:buffer'
import {
  type Category,
  type DeadLetter,
  isSymbol,
  type PrivateChannel,
  type PrivateChannelEvents,
} from '@grid/core-events'
import type {
  PrivateContext,
  PrivateMapper,
  RefusedItem,
} from '../channels/account/private-mapper.ts'
import { PRIVATE_MAPPERS } from '../channels/account/private-registry.ts'
import { EVENT_CONTRACTS, isCategory } from '../channels/account/value-readers.ts'
import { exactItem, mayLackDigits } from '../wire/exact-values.ts'
import { sliceAt } from '../wire/json-slice.ts'
import { describeValue, printable } from '../wire/printable.ts'
import { isWireObject } from '../wire/wire.ts'

/** Where elements come from, for their dead letters. */
export interface ElementsOrigin {
  /** Null if the items are no events. */
  readonly channel: PrivateChannel | null
  /** The topic, or the endpoint. */
  readonly topic: string
  /** Where the list of elements lies in the message or reply. */
  readonly path: readonly string[]
  /** Whether the message or reply is UTF-8; texts decoded from other bytes cannot be trusted. */
  readonly isUtf8: boolean
  /** The message or reply as received. */
  bytes(): Uint8Array
}

/** What became of the items of some elements. */
export interface MappedElements<Item> {
  readonly events: Item[]
  readonly deadLetters: DeadLetter[]
  /** The symbols of messages' rows of a category that is not captured; null for an unreadable one. */
  readonly uncaptured: (string | null)[]
}

/** Maps the elements of a message or a reply to events; a bad item costs no other. */
export function mapElements<Name extends PrivateChannel>(
  channel: Name,
  elements: readonly unknown[],
  context: PrivateContext,
  origin: Omit<ElementsOrigin, 'channel'>,
): MappedElements<PrivateChannelEvents[Name]> {
  const from = { ...origin, channel, bytes: () => origin.bytes() }
  return mapEach(PRIVATE_MAPPERS[channel], elements, context, from)
}

/** The same for any mapper. */
export function mapEach<Item extends object>(
  map: PrivateMapper<Item>,
  elements: readonly unknown[],
  context: PrivateContext,
  origin: ElementsOrigin,
): MappedElements<Item> {
  const events: Item[] = []
  const deadLetters: DeadLetter[] = []
  const uncaptured: (string | null)[] = []
  for (const [index, element] of elements.entries()) {
    if (!origin.isUtf8 && !isUtf8(sliceAt(origin.bytes(), [...origin.path, index]))) {
      const fault = { field: null, inEnvelope: false, value: element, message: '' }
      const letter = toDeadLetter({ fault, path: [] }, undefined, index, context, origin)
      deadLetters.push({ ...letter, reason: 'the item is not valid UTF-8' })
      continue
    }
    // A reply is of the category that was asked for: there such a row would be a fault.
    if (context.source === 'ws' && isOfEventContract(element)) {
      uncaptured.push(symbolOf(element))
      continue
    }
    const bytes = (): Uint8Array => sliceAt(origin.bytes(), [...origin.path, index])
    for (const item of mapExactly(map, element, context, bytes)) {
      if ('fault' in item) deadLetters.push(toDeadLetter(item, element, index, context, origin))
      else events.push(item)
    }
  }
  return { events, deadLetters, uncaptured }
}

/**
 * Maps an element; reads it a second time, with all digits, where a JSON value has numbers or where an
 * item is refused, perhaps because of a number that JavaScript cannot hold.
 */
function mapExactly<Item extends object>(
  map: PrivateMapper<Item>,
  element: unknown,
  context: PrivateContext,
  bytes: () => Uint8Array,
): readonly (Item | RefusedItem)[] {
  const items = map(element, context)
  if (!items.some((item) => 'fault' in item || mayLackDigits(item))) return items
  const exact = map(exactItem(bytes()), context)
  // A known field may be a number in a form that only its rounded value is accepted in.
  return refusals(exact) > refusals(items) ? items : exact
}

function refusals(items: readonly object[]): number {
  return items.filter((item) => 'fault' in item).length
}

function toDeadLetter(
  { fault, path }: RefusedItem,
  element: unknown,
  index: number,
  { accountId, category, localTsUs, source }: PrivateContext,
  origin: ElementsOrigin,
): DeadLetter {
  const field = fault.field === null ? null : printable(fault.field)
  const raw = fault.inEnvelope
    ? origin.bytes()
    : sliceAt(origin.bytes(), [...origin.path, index, ...path])
  return {
    code: 'ITEM_MALFORMED',
    reason: `${field ?? 'the item'} ${fault.message}, got ${describeValue(fault.value)}`,
    field,
    category: categoryOf(element) ?? category,
    channel: origin.channel,
    topic: printable(origin.topic),
    symbol: symbolOf(element),
    accountId,
    source,
    localTsUs,
    // A copy: a view would keep the socket's whole buffer in memory.
    raw: new Uint8Array(raw),
  }
}

function isOfEventContract(element: unknown): boolean {
  return isWireObject(element) && element['category'] === EVENT_CONTRACTS
}

function categoryOf(element: unknown): Category | null {
  const category = isWireObject(element) ? element['category'] : null
  return isCategory(category) ? category : null
}

function symbolOf(element: unknown): string | null {
  const symbol = isWireObject(element) ? element['symbol'] : null
  return isSymbol(symbol) ? symbol : null
}

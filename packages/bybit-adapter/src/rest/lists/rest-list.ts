import { isUtf8 } from 'node:buffer'
import { type Category, type DeadLetter, isSymbol, type PublicChannel } from '@grid/core-events'
import type { z } from 'zod'
import type { BybitAdapterError } from '../../errors.ts'
import { exactItem, mayLackDigits } from '../../wire/exact-values.ts'
import { faultOf } from '../../wire/item-fault.ts'
import { type ByteRange, findElements, findMember } from '../../wire/json-slice.ts'
import { describeValue, printable } from '../../wire/printable.ts'
import { isWireObject } from '../../wire/wire.ts'
import { malformedReply, type Reply } from '../http/reply.ts'

/** The rows of one reply: each is an item or a dead letter. */
export interface RestList<Item> {
  readonly items: readonly Item[]
  /** Rows that cannot be read, each with its own bytes; `topic` is the endpoint. */
  readonly deadLetters: readonly DeadLetter[]
  /** The exchange's time of the reply in epoch milliseconds; null if it has none. */
  readonly exchangeTs: number | null
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
}

/** A list, and where the next page begins. */
export interface RestPage<Item> extends RestList<Item> {
  /** `nextPageCursor` as received; `''` on the last page. */
  readonly cursor: string
}

/** What every query names: the reply must be about it, and dead letters name it. */
export interface ListQuery {
  readonly category: Category
  /** Absent if the query is about several symbols. */
  readonly symbol?: string | undefined
}

/** An endpoint whose `result` has a `list`. */
export interface ListEndpoint<Item> {
  readonly path: string
  /** The channel of its rows; null if they are no events. */
  readonly channel: PublicChannel | null
  /** Checks a row and maps it to an item. */
  schema(reply: Reply, category: Category): z.ZodType<Item>
}

/**
 * Reads `result.list` row by row, by a schema that also maps; a bad row costs no other.
 *
 * Throws `RESPONSE_MALFORMED` if there is no list, or if it is about another category or symbol.
 */
export function readRestList<Item>(
  reply: Reply,
  { category, symbol }: ListQuery,
  endpoint: ListEndpoint<Item>,
): RestPage<Item> {
  const { result, isUtf8: isText, localTsUs, exchangeTs } = reply
  const malformed = (field: string, value: unknown): BybitAdapterError =>
    malformedReply(reply.endpoint, field, value)
  if (!isWireObject(result)) throw malformed('result', result)
  const { list, nextPageCursor } = result
  if (!Array.isArray(list)) throw malformed('result.list', list)
  if ((result['category'] || category) !== category) {
    throw malformed('result.category', result['category'])
  }
  if (symbol !== undefined && (result['symbol'] || symbol) !== symbol) {
    throw malformed('result.symbol', result['symbol'])
  }
  const schema = endpoint.schema(reply, category)
  const bytesOf = rowBytes(reply)
  const items: Item[] = []
  const deadLetters: DeadLetter[] = []
  const toDeadLetter = (
    index: number,
    row: unknown,
    reason: string,
    field: string | null,
  ): void => {
    deadLetters.push({
      category,
      channel: endpoint.channel,
      symbol: symbolOf(row) ?? symbol ?? null,
      code: 'ITEM_MALFORMED',
      reason,
      field,
      topic: endpoint.path,
      source: 'rest',
      localTsUs,
      raw: new Uint8Array(bytesOf(index)),
    })
  }
  const withAllDigits = (item: Item, index: number): Item => {
    if (typeof item !== 'object' || item === null || !mayLackDigits(item)) return item
    const exact = schema.safeParse(exactItem(bytesOf(index)))
    return exact.success ? exact.data : item
  }
  for (const [index, row] of list.entries()) {
    const parsed = schema.safeParse(row)
    if (!isText && !isUtf8(bytesOf(index))) {
      toDeadLetter(index, undefined, 'the item is not valid UTF-8', null)
    } else if (parsed.success) {
      items.push(withAllDigits(parsed.data, index))
    } else {
      const fault = faultOf(schema, row, [])
      const field = fault.field === null ? null : printable(fault.field)
      const got = describeValue(fault.value)
      toDeadLetter(index, row, `${field ?? 'the item'} ${fault.message}, got ${got}`, field)
    }
  }
  const cursor = typeof nextPageCursor === 'string' ? nextPageCursor : ''
  return { items, deadLetters, exchangeTs, localTsUs, cursor }
}

/** Finds the bytes of a row; scans the reply once, when the first row is asked for. */
function rowBytes({ bytes }: Reply): (index: number) => Uint8Array {
  let result = bytes
  let ranges: readonly ByteRange[] | null = null
  return (index) => {
    if (ranges === null) {
      const outer = findMember(bytes, 'result')
      result = outer === null ? bytes : bytes.subarray(outer.start, outer.end)
      const list = findMember(result, 'list')
      ranges = list === null ? [] : findElements(result, list)
    }
    const range = ranges[index]
    return range === undefined ? bytes : result.subarray(range.start, range.end)
  }
}

function symbolOf(row: unknown): string | null {
  const symbol = isWireObject(row) ? row['symbol'] : undefined
  return isSymbol(symbol) ? symbol : null
}

import { holdsNumber, type JsonObject, parseExactJson } from '@grid/core-events'
import { isWireObject } from './wire.ts'

/** Whether a mapped event has JSON values with numbers, which may have lost digits. */
export function mayLackDigits(event: object): boolean {
  return Object.values(event).some((value) => typeof value === 'object' && holdsNumber(value))
}

/**
 * An item's unknown keys with every digit of their numbers. `JSON.parse` rounds numbers; only items that
 * have such keys are read a second time, exactly.
 *
 * @param bytes the item as received
 */
export function exactExtra(extra: JsonObject, bytes: Uint8Array): JsonObject {
  const item = exactItem(bytes)
  if (!isWireObject(item)) return extra
  const entries = Object.entries(extra)
  // Sound: every value is one of JSON.
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Object.hasOwn(item, key) ? item[key] : value]),
  ) as JsonObject
}

/** An item with every digit of its numbers. */
export function exactItem(bytes: Uint8Array): unknown {
  return parseExactJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
}

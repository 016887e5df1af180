import { z } from 'zod'
import { EventError } from '../errors.ts'
import { holdsNumber, parseExactJson } from '../values/exact-json.ts'
import { CHANNEL_DEFINITIONS, type Channel, type GridEvent } from './event.ts'

/** The version that `encodeEvent` writes. It is raised when older readers would misread an event. */
export const EVENT_SCHEMA_VERSION = 1

/**
 * Writes an event as one line of JSON, with the schema version as `v`.
 *
 * @example
 * encodeEvent(trade) // '{"v":1,"channel":"publicTrade",…}'
 */
export function encodeEvent(event: GridEvent): string {
  return JSON.stringify({ v: EVENT_SCHEMA_VERSION, ...event })
}

/**
 * Reads an event that this or an earlier version of `encodeEvent` wrote.
 *
 * Throws `EVENT_VERSION_UNSUPPORTED` for a newer version, and `EVENT_MALFORMED`, with the name of the
 * field, for any other text that is not an event.
 *
 * @example
 * const event = decodeEvent(encodeEvent(trade)) // equal to trade
 */
export function decodeEvent(text: string): GridEvent {
  const { v, ...event } = parseObject(text)
  if (typeof v !== 'number' || !Number.isInteger(v) || v < 1) {
    throw malformed('v', `v must be a version number from 1 to ${EVENT_SCHEMA_VERSION}`)
  }
  if (v > EVENT_SCHEMA_VERSION) {
    throw new EventError(
      'EVENT_VERSION_UNSUPPORTED',
      `event has version ${v}, this package reads up to ${EVENT_SCHEMA_VERSION}: upgrade @grid/core-events`,
      { field: 'v' },
    )
  }
  const channel = event['channel']
  if (typeof channel !== 'string' || !Object.hasOwn(CHANNEL_DEFINITIONS, channel)) {
    throw malformed('channel', `channel ${JSON.stringify(channel)} is not known`)
  }
  const result = CHANNEL_DEFINITIONS[channel as Channel].schema.safeParse(event)
  if (result.success) return result.data
  throw malformed(firstField(result.error), z.prettifyError(result.error), result.error)
}

function firstField(error: z.ZodError): string | null {
  const issue = error.issues[0]
  const path = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : issue?.path
  return path?.join('.') ?? null
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
    // Numbers of an event itself are whole; those of keys that are not known may have any digits.
    if (hasJsonNumbers(value)) value = parseExactJson(text)
  } catch (cause) {
    throw malformed(null, 'event is not JSON', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(null, 'event is not a JSON object')
  }
  return value as Record<string, unknown>
}

function hasJsonNumbers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((member) => typeof member === 'object' && holdsNumber(member))
}

function malformed(field: string | null, message: string, cause?: unknown): EventError {
  return new EventError('EVENT_MALFORMED', message, { field, cause })
}

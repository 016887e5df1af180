import { z } from 'zod'

/** Any JSON value; a number with more digits than JavaScript's numbers hold is an `ExactNumber`. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Validates a {@link JsonObject} without copying it, because zod's records lose the key `__proto__`. */
export const jsonObjectSchema: z.ZodType<JsonObject> = z.custom<JsonObject>(
  isJsonObject,
  'must be a JSON object',
)

/** Validates a {@link JsonValue} without copying it. */
export const jsonValueSchema: z.ZodType<JsonValue> = z.custom<JsonValue>(
  isJsonValue,
  'must be a JSON value',
)

function isJsonObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every(isJsonValue)
}

function isJsonValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isJsonValue)
  if (typeof value === 'number') return Number.isFinite(value)
  return (
    value === null || typeof value === 'string' || typeof value === 'boolean' || isJsonObject(value)
  )
}

import type { z } from 'zod'

/** Which part of an item is unreadable, and why. */
export interface ItemFault {
  /** The field as the exchange names it; null when the whole item is unreadable. */
  readonly field: string | null
  /** Whether the fault lies in the envelope, outside the item's own bytes. */
  readonly inEnvelope: boolean
  readonly value: unknown
  readonly message: string
}

/**
 * Finds by a schema why a guard refused a value.
 *
 * @param itemPath where the item lies in the value: a fault elsewhere is the envelope's
 */
export function faultOf(schema: z.ZodType, value: unknown, itemPath: readonly string[]): ItemFault {
  const issue = schema.safeParse(value).error?.issues[0]
  const path = issue?.path ?? itemPath
  const inEnvelope = itemPath.some((key, depth) => path[depth] !== key)
  const fieldPath = inEnvelope ? path : path.slice(itemPath.length)
  return {
    field: fieldPath.length === 0 ? null : fieldPath.join('.'),
    inEnvelope,
    value: valueAt(value, path),
    message: issue?.message ?? 'is refused',
  }
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    root,
  )
}

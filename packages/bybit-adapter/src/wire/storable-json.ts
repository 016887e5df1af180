/** Deeper nesting is refused: it would overflow the stack of whoever serializes it. */
const MAX_DEPTH = 32

/**
 * Whether PostgreSQL `jsonb` can hold a parsed JSON value: no NUL and no lone surrogate in any text
 * or key, no number that is not finite, no absurd nesting.
 */
export function isStorableJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth >= MAX_DEPTH) return false
  if (Array.isArray(value)) return value.every((element) => isStorableJson(element, depth + 1))
  return Object.entries(value).every(
    ([key, member]) => isStorableText(key) && isStorableJson(member, depth + 1),
  )
}

/** Whether PostgreSQL can hold a text. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

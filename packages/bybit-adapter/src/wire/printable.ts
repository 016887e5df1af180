const MAX_LENGTH = 120
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/gu

/** A text from the wire, made safe to store and to show: control characters escaped, length limited. */
export function printable(text: string): string {
  const short = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
  return short.replace(UNPRINTABLE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** A parsed JSON value in a few words, for the reason of a dead letter. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return `"${printable(value)}"`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

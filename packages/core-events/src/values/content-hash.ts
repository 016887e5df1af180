import { hash } from 'node:crypto'
import { canonicalDecimal, isDecimal } from './decimal.ts'

/** Hexadecimal digits of a content hash: 16 bytes. */
const LENGTH = 32
/** Values that one source sends where another sends `""` or nothing. */
const NEUTRAL: readonly unknown[] = [null, undefined, 0, false, '', 'UNKNOWN', 'None']

/**
 * The content hash of a private event: equal for two messages with the same content, whether by socket
 * or by REST, at any time and to any collector.
 *
 * It is the first 16 bytes of a SHA-256, in hexadecimal. The hashed text has a line `name=value` for each
 * field of the list, in the order of the list. Decimals are written without exponent and superfluous
 * zeros, all other values as JSON. Fields without content (null, zero, false, `UNKNOWN`, `None`) are left
 * out, because one source omits what another sends as `"0"`. Therefore a field may be appended to a list
 * without changing the hash of events that lack it; any other change of a list changes stored identities.
 */
export function contentHash<Event>(
  event: Event,
  fields: readonly (keyof Event & string)[],
): string {
  let text = ''
  for (const field of fields) {
    const value = canonicalText(event[field])
    if (value !== '') text += `${field}=${value}\n`
  }
  return hash('sha256', text, 'hex').slice(0, LENGTH)
}

function canonicalText(value: unknown): string {
  if (NEUTRAL.includes(value)) return ''
  if (typeof value === 'string' && isDecimal(value)) {
    const decimal = canonicalDecimal(value)
    return decimal === '0' ? '' : decimal
  }
  return JSON.stringify(value)
}

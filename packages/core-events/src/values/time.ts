/** The earliest accepted exchange time, in epoch milliseconds: 2019-01-01, before the archive begins. */
export const EARLIEST_EXCHANGE_TS: number = Date.UTC(2019, 0, 1)
/** The end of accepted exchange times, in epoch milliseconds, exclusive: 2100-01-01. */
export const LATEST_EXCHANGE_TS: number = Date.UTC(2100, 0, 1)

const DIGITS = /^\d{1,16}$/

/**
 * Reads an exchange time that identifies an event, in epoch milliseconds, from a number or a text of
 * digits.
 *
 * It never throws. A missing, fractional or absurd time gives `undefined`; absurd is before 2019 or from
 * 2100 on, as are seconds and microseconds. The item then becomes a dead letter, never a row in 1970.
 *
 * @example
 * parseExchangeTs('1760000000101') // 1760000000101
 * parseExchangeTs(0)               // undefined
 */
export function parseExchangeTs(value: unknown): number | undefined {
  const ms =
    typeof value === 'string' && DIGITS.test(value)
      ? Number(value)
      : typeof value === 'number'
        ? value
        : Number.NaN
  return Number.isInteger(ms) && ms >= EARLIEST_EXCHANGE_TS && ms < LATEST_EXCHANGE_TS
    ? ms
    : undefined
}

/**
 * Reads a time that is a value and not part of an identity (next funding, delivery), from a number or a
 * text of digits in epoch milliseconds, or from an ISO 8601 text.
 *
 * It gives epoch milliseconds and never throws. `""`, `"0"` and `0` mean "not applicable" and give
 * `null`; anything unreadable gives `undefined`.
 *
 * @example
 * parseOptionalTs('2025-12-26T08:00:00Z') // 1766736000000
 * parseOptionalTs('')                     // null
 */
export function parseOptionalTs(value: unknown): number | null | undefined {
  if (value === '' || value === '0' || value === 0) return null
  const ts = parseExchangeTs(value)
  if (ts !== undefined) return ts
  if (typeof value !== 'string' || !ISO_8601.test(value)) return undefined
  // Date.parse turns 30 February into a day of March.
  const day = new Date(value.slice(0, 10)).getUTCDate()
  if (day !== Number(value.slice(8, 10))) return undefined
  return parseExchangeTs(Date.parse(value))
}

const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/

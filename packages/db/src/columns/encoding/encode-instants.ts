import { ArrayParameter, type Values, writeInt64 } from './array-parameter.ts'

const TIMESTAMPTZ_OID = 1184
/** 2000-01-01 UTC, from which PostgreSQL counts, in microseconds since 1970. */
export const POSTGRES_EPOCH_US: number = 946_684_800_000_000

/** `timestamptz[]` of epoch microseconds. */
export function encodeMicroseconds(values: Values<number>): Buffer {
  return encodeInstants(values, 1)
}

/** `timestamptz[]` of epoch milliseconds. */
export function encodeMilliseconds(values: Values<number>): Buffer {
  return encodeInstants(values, 1000)
}

function encodeInstants(values: Values<number>, unitUs: 1 | 1000): Buffer {
  const array = new ArrayParameter(TIMESTAMPTZ_OID, values.length, 8 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) {
      array.addNull()
      continue
    }
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole time`)
    const at = array.add(8)
    const us = value * unitUs - POSTGRES_EPOCH_US
    if (Number.isSafeInteger(us)) writeInt64(array.bytes, us, at)
    else array.bytes.writeBigInt64BE(BigInt(value) * BigInt(unitUs) - BigInt(POSTGRES_EPOCH_US), at)
  }
  return array.finish()
}

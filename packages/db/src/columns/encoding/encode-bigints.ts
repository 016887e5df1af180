import { ArrayParameter, type Values, writeInt64 } from './array-parameter.ts'

const BIGINT_OID = 20
const DIGITS = /^-?[0-9]{1,19}$/

/** `bigint[]`; numbers that JavaScript holds exactly. */
export function encodeBigints(values: Values<number>): Buffer {
  const array = new ArrayParameter(BIGINT_OID, values.length, 8 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (Number.isSafeInteger(value)) writeInt64(array.bytes, value, array.add(8))
    else throw new RangeError(`${value} is no safe integer`)
  }
  return array.finish()
}

/** `bigint[]` of digits. */
export function encodeDigits(values: Values<string>): Buffer {
  const array = new ArrayParameter(BIGINT_OID, values.length, 8 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (DIGITS.test(value)) array.bytes.writeBigInt64BE(BigInt(value), array.add(8))
    else throw new RangeError(`${JSON.stringify(value)} is no integer`)
  }
  return array.finish()
}

import { ArrayParameter, type Values, writeInt32 } from './array-parameter.ts'

const INTEGER_OID = 23

/** `integer[]`. */
export function encodeIntegers(values: Values<number>): Buffer {
  const array = new ArrayParameter(INTEGER_OID, values.length, 4 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if ((value | 0) === value) writeInt32(array.bytes, value, array.add(4))
    else throw new RangeError(`${value} is no integer of 32 bits`)
  }
  return array.finish()
}

import { ArrayParameter, type Values } from './array-parameter.ts'

const BOOLEAN_OID = 16

/** `boolean[]`. */
export function encodeBooleans(values: Values<boolean>): Buffer {
  const array = new ArrayParameter(BOOLEAN_OID, values.length, values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (typeof value === 'boolean') array.bytes[array.add(1)] = value ? 1 : 0
    else throw new TypeError(`${String(value)} is no boolean`)
  }
  return array.finish()
}

import { ArrayParameter, type Values } from './array-parameter.ts'

const BYTEA_OID = 17

/** `bytea[]`. */
export function encodeBytes(values: Values<Uint8Array>): Buffer {
  let length = 0
  for (const value of values) if (ArrayBuffer.isView(value)) length += value.byteLength
  const array = new ArrayParameter(BYTEA_OID, values.length, length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (!ArrayBuffer.isView(value)) throw new TypeError(`${String(value)} is no bytes`)
    else array.bytes.set(value, array.add(value.byteLength))
  }
  return array.finish()
}

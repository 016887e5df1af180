import { ArrayParameter, type Values } from './array-parameter.ts'

const UUID_OID = 2950
const UUID_BYTES = 16
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** `uuid[]`; the usual form of 36 characters. */
export function encodeUuids(values: Values<string>): Buffer {
  const array = new ArrayParameter(UUID_OID, values.length, UUID_BYTES * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (UUID.test(value)) {
      array.bytes.write(value.replaceAll('-', ''), array.add(UUID_BYTES), 'hex')
    } else throw new RangeError(`${JSON.stringify(value)} is no UUID`)
  }
  return array.finish()
}

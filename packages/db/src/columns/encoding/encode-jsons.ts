import { ArrayParameter, type Values } from './array-parameter.ts'

const JSONB_OID = 3802
/** The version of jsonb's binary format: the text follows. */
const VERSION = 1

/** `jsonb[]`. */
export function encodeJsons(values: Values<unknown>): Buffer {
  const texts = values.map((value) =>
    value === null || value === undefined ? null : JSON.stringify(value),
  )
  let length = 0
  for (const text of texts) if (text !== null) length += 1 + Buffer.byteLength(text)
  const array = new ArrayParameter(JSONB_OID, values.length, length)
  for (const text of texts) {
    if (text === null) {
      array.addNull()
      continue
    }
    const at = array.add(1 + Buffer.byteLength(text))
    array.bytes[at] = VERSION
    array.bytes.write(text, at + 1)
  }
  return array.finish()
}

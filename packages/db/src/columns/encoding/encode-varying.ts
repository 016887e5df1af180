import { ArrayParameter, type Values } from './array-parameter.ts'

const TEXT_OID = 25

/** `text[]`; throws for what a text of PostgreSQL cannot hold: NUL, and half a surrogate pair. */
export function encodeTexts(values: Values<string>): Buffer {
  let units = 0
  for (const value of values) if (typeof value === 'string') units += value.length
  return encodeAscii(values, units) ?? encodeUtf8(values)
}

/** Null when a value is no text of ASCII: nearly all are, and Node's own call costs more a text. */
function encodeAscii(values: Values<string>, length: number): Buffer | null {
  const array = new ArrayParameter(TEXT_OID, values.length, length)
  const { bytes } = array
  for (const value of values) {
    if (value === null || value === undefined) {
      array.addNull()
      continue
    }
    if (typeof value !== 'string') return null
    const start = array.add(value.length)
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index)
      if (unit === 0 || unit > 0x7f) return null
      bytes[start + index] = unit
    }
  }
  return array.finish()
}

function encodeUtf8(values: Values<string>): Buffer {
  let length = 0
  for (const value of values) if (typeof value === 'string') length += Buffer.byteLength(value)
  const array = new ArrayParameter(TEXT_OID, values.length, length)
  for (const value of values) {
    if (value === null || value === undefined) {
      array.addNull()
      continue
    }
    if (typeof value !== 'string') throw new TypeError(`${String(value)} is no text`)
    assertText(value)
    array.bytes.write(value, array.add(Buffer.byteLength(value)))
  }
  return array.finish()
}

/** Throws for what a text of PostgreSQL cannot hold. */
export function assertText(text: string): void {
  const fault = text.includes('\0') ? 'a NUL' : text.isWellFormed() ? null : 'half a surrogate pair'
  if (fault !== null) throw new RangeError(`text ${JSON.stringify(text)} has ${fault}`)
}

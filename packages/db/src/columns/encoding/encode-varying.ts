import { ArrayParameter, type Values } from './array-parameter.ts'

const BYTEA_OID = 17
const TEXT_OID = 25
const JSONB_OID = 3802
/** The version of jsonb's binary format; the JSON text follows it. */
const JSONB_VERSION = 1

/** `text[]`. Throws for what a text of PostgreSQL cannot hold: NUL, and half a surrogate pair. */
export function encodeTexts(values: Values<string>): Buffer {
  let units = 0
  for (const value of values) if (typeof value === 'string') units += value.length
  return encodeAscii(values, units) ?? encodeUtf8(values)
}

/**
 * The fast way: nearly all texts are ASCII, and a call of Node's writer costs more than this loop. Null
 * when a value is anything else.
 */
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

/** Throws for a text that PostgreSQL cannot hold. */
export function assertText(text: string): void {
  const fault = text.includes('\0') ? 'a NUL' : text.isWellFormed() ? null : 'half a surrogate pair'
  if (fault !== null) throw new RangeError(`text ${JSON.stringify(text)} has ${fault}`)
}

/** `jsonb[]` of values that are written as JSON. */
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
    array.bytes[at] = JSONB_VERSION
    array.bytes.write(text, at + 1)
  }
  return array.finish()
}

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

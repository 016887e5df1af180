/** Where a value lies in a frame's bytes; `end` is exclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Finds the value of an object's key in JSON bytes; of a repeated key the last, as `JSON.parse` does.
 *
 * The bytes must be JSON that `JSON.parse` has accepted. Structure is ASCII, so bytes that are not
 * valid UTF-8 inside a text do no harm.
 *
 * @example
 * findMember(Buffer.from('{"data":[1]}'), 'data') // { start: 8, end: 11 }
 */
export function findMember(bytes: Uint8Array, name: string): ByteRange | null {
  let found: ByteRange | null = null
  let at = skipBlanks(bytes, skipBlanks(bytes, 0) + 1)
  while (bytes[at] === QUOTE) {
    const keyEnd = skipString(bytes, at)
    const key: unknown = JSON.parse(Buffer.from(bytes.subarray(at, keyEnd)).toString())
    const start = skipBlanks(bytes, skipBlanks(bytes, keyEnd) + 1)
    const end = skipValue(bytes, start)
    if (key === name) found = { start, end }
    at = skipBlanks(bytes, end)
    if (bytes[at] === COMMA) at = skipBlanks(bytes, at + 1)
  }
  return found
}

/** Finds every element of a JSON array that lies at `range`. */
export function findElements(bytes: Uint8Array, range: ByteRange): ByteRange[] {
  const elements: ByteRange[] = []
  let at = skipBlanks(bytes, range.start + 1)
  while (at < range.end && bytes[at] !== CLOSE_BRACKET) {
    const end = skipValue(bytes, at)
    elements.push({ start: at, end })
    at = skipBlanks(bytes, end)
    if (bytes[at] === COMMA) at = skipBlanks(bytes, at + 1)
  }
  return elements
}

/**
 * Cuts the value at a path out of JSON bytes; gives all the bytes if there is no such value.
 *
 * @example
 * sliceAt(Buffer.from('{"data":[{"coin":[1,2]}]}'), ['data', 0, 'coin', 1]) // the byte `2`
 */
export function sliceAt(bytes: Uint8Array, path: readonly (string | number)[]): Uint8Array {
  let slice = bytes
  for (const step of path) {
    const whole = { start: skipBlanks(slice, 0), end: slice.length }
    const range =
      typeof step === 'string' ? findMember(slice, step) : findElements(slice, whole)[step]
    if (range === null || range === undefined) return bytes
    slice = slice.subarray(range.start, range.end)
  }
  return slice
}

function skipValue(bytes: Uint8Array, from: number): number {
  let depth = 0
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = skipString(bytes, at)
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++
      at++
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
      at++
    } else if (byte === COMMA || byte === COLON || isBlank(byte)) {
      at++
    } else {
      at = skipScalar(bytes, at)
    }
    if (depth === 0) return at
  }
  return at
}

function skipString(bytes: Uint8Array, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function skipScalar(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isBlank(byte)) break
    at++
  }
  return at
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from
  while (isBlank(bytes[at])) at++
  return at
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

import { type ByteRange, findElements, findMember } from './json-slice.ts'
import type { ParsedFrame } from './parsed-frame.ts'

/**
 * Finds the bytes of a frame's items; scans the frame once, when the first item is asked for.
 *
 * @example
 * const bytesOf = itemBytes(frame)
 * bytesOf(0) // the bytes of data[0], or of data where it is an object
 */
export function itemBytes(frame: ParsedFrame): (index: number) => Uint8Array {
  let bytes: Uint8Array
  let ranges: readonly ByteRange[] | null = null
  return (index) => {
    if (ranges === null) {
      bytes = frame.bytes()
      ranges = itemRanges(bytes)
    }
    const range = ranges[index]
    return range === undefined ? bytes : bytes.subarray(range.start, range.end)
  }
}

function itemRanges(bytes: Uint8Array): readonly ByteRange[] {
  const data = findMember(bytes, 'data')
  if (data === null) return []
  return bytes[data.start] === OPEN_BRACKET ? findElements(bytes, data) : [data]
}

const OPEN_BRACKET = 0x5b

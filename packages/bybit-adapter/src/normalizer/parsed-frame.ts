import { isUtf8 } from 'node:buffer'

const REPLACEMENT_CHARACTER = '\ufffd'

/** A frame decoded and parsed, with its bytes at hand for dead letters. */
export interface ParsedFrame {
  /** The bytes as received; made from the text when that is what was given. */
  readonly bytes: () => Uint8Array
  /** Whether the bytes are UTF-8; texts decoded from other bytes cannot be trusted. */
  readonly isUtf8: boolean
  /** The JSON value; undefined when the frame is not JSON. */
  readonly value: unknown
}

/**
 * Decodes and parses a frame; never throws.
 *
 * @example
 * parseFrame('{"op":"pong"}').value // { op: 'pong' }
 */
export function parseFrame(frame: string | Uint8Array): ParsedFrame {
  if (typeof frame === 'string') {
    return { bytes: () => Buffer.from(frame), isUtf8: true, value: parseJson(frame) }
  }
  const buffer = Buffer.isBuffer(frame)
    ? frame
    : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  const text = buffer.toString()
  // What is not UTF-8 decodes to replacement characters: without one there is nothing to check.
  const isSound = !text.includes(REPLACEMENT_CHARACTER) || isUtf8(buffer)
  return { bytes: () => frame, isUtf8: isSound, value: parseJson(text) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

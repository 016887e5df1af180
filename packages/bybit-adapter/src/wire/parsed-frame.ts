import { isUtf8 } from 'node:buffer'

const REPLACEMENT_CHARACTER = '\ufffd'

/** A decoded frame: parsed when its value is first asked for; its bytes are kept for dead letters. */
export class ParsedFrame {
  readonly text: string
  /** Whether the bytes are UTF-8; texts decoded from other bytes cannot be trusted. */
  readonly isUtf8: boolean
  readonly #bytes: Uint8Array | null
  #value: unknown
  #isParsed = false

  constructor(text: string, bytes: Uint8Array | null, isSound: boolean) {
    this.text = text
    this.#bytes = bytes
    this.isUtf8 = isSound
  }

  /** The JSON value; undefined when the frame is not JSON. */
  get value(): unknown {
    if (!this.#isParsed) {
      this.#value = parseJson(this.text)
      this.#isParsed = true
    }
    return this.#value
  }

  /** The bytes as received; made from the text if a text was given. */
  bytes(): Uint8Array {
    return this.#bytes ?? Buffer.from(this.text)
  }
}

/**
 * Decodes a frame; never throws, and nor does reading its value.
 *
 * @example
 * parseFrame('{"op":"pong"}').value // { op: 'pong' }
 */
export function parseFrame(frame: string | Uint8Array): ParsedFrame {
  if (typeof frame === 'string') return new ParsedFrame(frame, null, true)
  const buffer = Buffer.isBuffer(frame)
    ? frame
    : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  const text = buffer.toString()
  // Bytes that are not UTF-8 decode to replacement characters: without one there is nothing to check.
  const isSound = !text.includes(REPLACEMENT_CHARACTER) || isUtf8(buffer)
  return new ParsedFrame(text, frame, isSound)
}

/**
 * Whether no text of a JSON document can hold a blank, a control character, `|` or anything beyond
 * ASCII. A few searches of the whole are far cheaper than a look at each text.
 */
export function isPlainText(json: string): boolean {
  return (
    // Without escapes, JSON itself keeps control characters below the blank out of texts.
    !json.includes('\\') &&
    !json.includes(' ') &&
    !json.includes('|') &&
    !json.includes('\x7f') &&
    Buffer.byteLength(json) === json.length
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

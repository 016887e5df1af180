/** Bytes of a one-dimensional array before its elements. */
const HEADER_BYTES = 20

/** Most bytes of a statement's parameters: PostgreSQL ends the connection at a message of 1 GiB. */
export const MOST_PARAMETER_BYTES: number = 2 ** 30 - 2 ** 20

/** The values of a column; null and undefined become NULL. */
export type Values<Value> = readonly (Value | null | undefined)[]

/**
 * Writes a one-dimensional array in PostgreSQL's binary format, front to back, into one buffer that is
 * large enough from the start.
 *
 * Source: `array_recv` and the receive function of the element's type.
 */
export class ArrayParameter {
  readonly #bytes: Buffer
  #end = HEADER_BYTES

  /** `elementOid` is the type's number in `pg_type`; `valueBytes` the most bytes that all values take. */
  constructor(elementOid: number, count: number, valueBytes: number) {
    const length = HEADER_BYTES + 4 * count + valueBytes
    if (length > MOST_PARAMETER_BYTES) throw new RangeError(`${length} bytes are too many`)
    // Not from Node's shared pool: a small buffer would keep the pool's whole memory in use.
    this.#bytes = Buffer.allocUnsafeSlow(length)
    const header = [1, 0, elementOid, count, 1]
    for (let index = 0; index < header.length; index++) {
      this.#bytes.writeInt32BE(header[index] ?? 0, 4 * index)
    }
  }

  /** Adds NULL. */
  addNull(): void {
    // The header's flag that the array has NULLs.
    this.#bytes[7] = 1
    this.#writeInt32(-1)
  }

  /** Adds a value of `length` bytes; gives the place in `bytes` to write them to. */
  add(length: number): number {
    this.#writeInt32(length)
    const start = this.#end
    this.#end = start + length
    return start
  }

  /** The buffer that values are written to. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** The parameter, once all values are added. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  #writeInt32(value: number): void {
    writeInt32(this.#bytes, value, this.#end)
    this.#end += 4
  }
}

/** Writes a 32-bit integer; Node's own function checks its arguments and costs three times as much. */
export function writeInt32(bytes: Buffer, value: number, at: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

const WORD = 2 ** 32

/** Writes a safe integer as 64 bits. */
export function writeInt64(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / WORD)
  writeInt32(bytes, high, at)
  writeInt32(bytes, value - high * WORD, at + 4)
}

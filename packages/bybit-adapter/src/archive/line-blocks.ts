import { BybitAdapterError } from '../errors.ts'

/** Whole lines of a file, as bytes and as a text of which each character is one byte. */
export interface LineBlock {
  readonly text: string
  readonly bytes: Buffer
}

const MAX_LINE_BYTES = 65_536
const NEWLINE = 0x0a

/**
 * Cuts a file into blocks of whole lines; a line that spans two pieces comes with the second.
 *
 * Throws `ARCHIVE_MALFORMED` for a line of more than 64 KiB, because memory must stay bounded.
 */
export async function* lineBlocks(
  source: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<LineBlock> {
  let carried = Buffer.alloc(0)
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    // Only the line that spans two chunks is copied: copying all would double the garbage.
    const first = bytes.indexOf(NEWLINE) + 1
    const whole = bytes.lastIndexOf(NEWLINE) + 1
    if (whole === 0) {
      carried = Buffer.concat([carried, bytes])
      if (carried.length <= MAX_LINE_BYTES) continue
      const message = `${file} has a line of more than ${MAX_LINE_BYTES} bytes`
      throw new BybitAdapterError('ARCHIVE_MALFORMED', message, { endpoint: file })
    }
    yield block(Buffer.concat([carried, bytes.subarray(0, first)]))
    if (whole > first) yield block(bytes.subarray(first, whole))
    carried = Buffer.from(bytes.subarray(whole))
  }
  if (carried.length > 0) yield block(carried)
}

function block(bytes: Buffer): LineBlock {
  return { text: bytes.toString('latin1'), bytes }
}

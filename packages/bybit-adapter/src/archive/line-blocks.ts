import { BybitAdapterError } from '../errors.ts'

/** Whole lines of a file, in one text whose every character is a byte. */
export interface LineBlock {
  readonly text: string
  readonly bytes: Buffer
}

const MAX_LINE_BYTES = 65_536
const NEWLINE = 0x0a

/**
 * Cuts a file between lines; a line that two pieces share comes whole with the second.
 *
 * Throws `ARCHIVE_MALFORMED` for a line beyond 64 KiB: memory must stay bounded.
 */
export async function* lineBlocks(
  source: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<LineBlock> {
  let carried = Buffer.alloc(0)
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    // Only the line that is shared is copied: the chunks are most of what there is to clear away.
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

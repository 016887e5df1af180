/** How pieces that begin with a mark, a length and a checksum are found among bytes. */
export interface Framing<Piece> {
  /** The bytes that each piece begins with. */
  readonly mark: Uint8Array
  readonly headerBytes: number
  /** The length of the piece that this header begins; null when no piece says so. */
  lengthOf(header: Uint8Array): number | null
  /** The piece that fills these bytes; null when its checksum is wrong or it says what no piece can say. */
  read(bytes: Uint8Array): Piece | null
}

/** What lies at or after a place. */
export type Found<Piece> =
  | { readonly piece: Piece; readonly start: number; readonly end: number }
  /** Whether a piece begins at `start` shows once so many bytes from there are known. */
  | { readonly piece: null; readonly start: number; readonly needed: number }

/**
 * Finds the first whole piece; what is no piece is passed over. `isAll` says that no bytes follow: then null means
 * that there is none.
 */
export function findPiece<Piece>(
  bytes: Uint8Array,
  framing: Framing<Piece>,
  isAll: boolean,
): Found<Piece> | null {
  const { mark, headerBytes } = framing
  let start = 0
  while (start < bytes.byteLength) {
    const known = bytes.byteLength - start
    if (!beginsWith(bytes, start, mark)) {
      start = nextMark(bytes, start + 1, mark)
      continue
    }
    const length =
      known < headerBytes
        ? headerBytes
        : framing.lengthOf(bytes.subarray(start, start + headerBytes))
    if (length !== null && length > known && !isAll) return { piece: null, start, needed: length }
    if (length !== null && length <= known) {
      const piece = framing.read(bytes.subarray(start, start + length))
      if (piece !== null) return { piece, start, end: start + length }
    }
    start = nextMark(bytes, start + 1, mark)
  }
  return isAll ? null : { piece: null, start, needed: headerBytes }
}

/** Whether the mark lies at a place, as far as bytes are known. */
function beginsWith(bytes: Uint8Array, at: number, mark: Uint8Array): boolean {
  return mark.every((byte, i) => at + i >= bytes.byteLength || bytes[at + i] === byte)
}

/** Where the next mark begins, or may begin within the last bytes. */
function nextMark(bytes: Uint8Array, from: number, mark: Uint8Array): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(mark, from)
  return at === -1 ? Math.max(from, bytes.byteLength - mark.byteLength + 1) : at
}

import { POSTGRES_EPOCH_US } from './encode-fixed.ts'

/** Bytes of a one-dimensional array before its elements. */
const HEADER_BYTES = 20
const WORD = 2 ** 32

/**
 * Reads a `timestamptz[]` in PostgreSQL's binary format, each instant as a number of units of `unitUs`
 * microseconds since 1970. Throws for an infinite one.
 *
 * Source: `array_send` and `timestamptz_send`.
 */
export function decodeInstants(bytes: Buffer, unitUs: 1 | 1000): readonly (number | null)[] {
  const instants: (number | null)[] = []
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0) {
      instants.push(null)
      continue
    }
    const us = bytes.readInt32BE(at) * WORD + bytes.readUInt32BE(at + 4) + POSTGRES_EPOCH_US
    // Far from 1970 the microseconds are no safe integer, but the milliseconds may be one.
    instants.push(Number.isSafeInteger(us) ? count(us, unitUs) : distant(bytes, at, unitUs))
    at += length
  }
  return instants
}

function count(us: number, unitUs: number): number {
  return unitUs === 1 ? us : Math.round(us / unitUs)
}

function distant(bytes: Buffer, at: number, unitUs: number): number {
  const value = bytes.readBigInt64BE(at)
  if (value === 2n ** 63n - 1n || value === -(2n ** 63n)) {
    throw new RangeError(
      'an infinite time is stored, which no event has: correct or delete that row',
    )
  }
  return Number((value + BigInt(POSTGRES_EPOCH_US)) / BigInt(unitUs))
}

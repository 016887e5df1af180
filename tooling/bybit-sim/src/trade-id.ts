import type { Random } from './random.ts'

const HEX: readonly string[] = Array.from({ length: 65536 }, (_, value) =>
  value.toString(16).padStart(4, '0'),
)

function hex(value: number): string {
  return HEX[value & 0xffff] ?? ''
}

/** An id with the shape of a version 5 UUID, as derivatives' trades carry. */
export function nextTradeId(random: Random): string {
  const a = random.uint32()
  const b = random.uint32()
  const c = random.uint32()
  const d = random.uint32()
  const version = (b & 0x0fff) | 0x5000
  const variant = (c & 0x3fff) | 0x8000
  return `${hex(a >>> 16)}${hex(a)}-${hex(b >>> 16)}-${hex(version)}-${hex(variant)}-${hex(c >>> 16)}${hex(d >>> 16)}${hex(d)}`
}

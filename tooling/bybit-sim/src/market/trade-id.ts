import type { Category } from '@grid/core-events'
import { hashText, type Random } from '../base/random.ts'

const HEX: readonly string[] = Array.from({ length: 65536 }, (_, value) =>
  value.toString(16).padStart(4, '0'),
)

function hex(value: number): string {
  return HEX[value & 0xffff] ?? ''
}

/** Makes the ids of a symbol's trades: UUIDs for contracts and options, numbers for spot. */
export function tradeIds(category: Category, symbol: string, random: Random): () => string {
  if (category !== 'spot') return () => nextUuid(random)
  const prefix = 2000 + (hashText(symbol) % 1000)
  let count = 0
  return () => `${prefix}${String(++count).padStart(15, '0')}`
}

/** An id in the form of a version 5 UUID, as trades of derivatives have. */
function nextUuid(random: Random): string {
  const a = random.uint32()
  const b = random.uint32()
  const c = random.uint32()
  const d = random.uint32()
  const version = (b & 0x0fff) | 0x5000
  const variant = (c & 0x3fff) | 0x8000
  return `${hex(a >>> 16)}${hex(a)}-${hex(b >>> 16)}-${hex(version)}-${hex(variant)}-${hex(c >>> 16)}${hex(d >>> 16)}${hex(d)}`
}

import type { TradeColumns } from './trade-truth.ts'

/** The columns that the digest covers; any of them may be null, as in a database row. */
export type DigestFields = {
  readonly [Name in keyof TradeColumns]: TradeColumns[Name] | string | null
}

/**
 * A digest of a set of trades in any order, in constant memory.
 *
 * Add every trade once: the digest differs when a trade is missing, altered or added twice. It sums,
 * modulo 2³², two 32-bit hashes of each trade's text (its columns joined by `|`, null as nothing).
 *
 * @example
 * const digest = new TradeDigest()
 * for (const row of rows) digest.add(row)
 * digest.value === totals.trades.digest
 */
export class TradeDigest {
  #high = 0
  #low = 0
  #count = 0

  add(trade: DigestFields): void {
    const text = canonicalText(trade)
    let high = 0x9e3779b9
    let low = 0x811c9dc5
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      high = Math.imul(high ^ code, 0x9e3779b1)
      low = Math.imul(low ^ code, 0x5f356495)
    }
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
    this.#high = (this.#high + high) >>> 0
    this.#low = (this.#low + low) >>> 0
    this.#count++
  }

  /** How many trades were added. */
  get count(): number {
    return this.#count
  }

  /** 16 hexadecimal digits. */
  get value(): string {
    return this.#high.toString(16).padStart(8, '0') + this.#low.toString(16).padStart(8, '0')
  }
}

/** The digest of one trade. */
export function tradeDigest(trade: DigestFields): string {
  const digest = new TradeDigest()
  digest.add(trade)
  return digest.value
}

function canonicalText(t: DigestFields): string {
  const tail = `${t.price ?? ''}|${t.size ?? ''}|${t.tickDirection ?? ''}|${t.isBlockTrade ?? ''}|${t.isRpiTrade ?? ''}|${t.seq}|${t.matchIndex}`
  return `${t.category}|${t.symbol}|${t.exchangeTs}|${t.tradeId}|${t.side}|${tail}`
}

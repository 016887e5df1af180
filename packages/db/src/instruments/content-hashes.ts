import { hash } from 'node:crypto'
import { type Instrument, instrumentToJson, type JsonValue } from '@grid/core-events'

/**
 * The hashes of what is said about instruments: equal for the same, in whatever order of keys.
 *
 * It remembers the newest of each instrument, because a list is read again and again and rarely says
 * anything new: to hash three thousand options anew each time would hold up the process.
 */
export class ContentHashes {
  readonly #newest = new Map<string, { readonly text: string; readonly hash: string }>()

  of(category: string, instrument: Instrument): string {
    const name = `${category} ${instrument.symbol}`
    const text = JSON.stringify(instrument)
    const known = this.#newest.get(name)
    if (known?.text === text) return known.hash
    const made = hash('sha256', canonicalText(instrumentToJson(instrument)), 'hex').slice(0, 32)
    this.#newest.set(name, { text, hash: made })
    return made
  }

  /** Forgets instruments that are no longer listed. */
  forget(category: string, symbols: readonly string[]): void {
    for (const symbol of symbols) this.#newest.delete(`${category} ${symbol}`)
  }
}

function canonicalText(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
